"""Files brought in the portal: set up, checked, taken by whichever worker is free; nothing lost, nothing doubled."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed
from leads.models import ImportedRow, ImportJob, ImportPiece, ImportRemark, Lead, LeadEvent
from leads.services.importing import jobs, reading, run_import, work
from leads.services.importing.jobs import NotInThisState
from tests import factories, workbooks

MAPPING = {"system": "fair", "columns": {"id": "external_id", "name": "full_name", "mail": "email", "source": "source"}}
TEXT = "id,name,mail,source\n" + "".join(f"A{n},name {n},p{n}@x.example,web\n" for n in range(7)) + "A9,bad\x00,,\n"
WEB = {"condition": {"field": "source", "op": "is", "value": "web"}, "points": 10}

pytestmark = pytest.mark.django_db


def take_waiting() -> int:
    return work.take_waiting(clock=timezone.now)


State = ImportJob.State
Bring = Callable[..., ImportJob]


@pytest.fixture
def bring(mai: User, now: datetime) -> Bring:
    """Bring a text as a file of leads, set up and ready to be checked."""

    def brought(text: str = TEXT, **options: Any) -> ImportJob:
        file = io.BytesIO(text.encode())
        job = jobs.start(kind="leads", file=file, file_name="fair.csv", actor=options.get("actor", mai), now=now)
        return jobs.set_up(job_id=job.pk, mapping=MAPPING, actor=mai, now=now)

    return brought


@pytest.fixture
def checked(bring: Bring, mai: User, now: datetime) -> ImportJob:
    job = bring()
    jobs.check(job_id=job.pk, actor=mai, now=now)
    take_waiting()
    job.refresh_from_db()
    return job


def test_a_check_counts_what_the_run_will_do_and_changes_nothing(checked: ImportJob) -> None:
    assert checked.state == State.CHECKED
    assert checked.counts == {
        "rows": 8,
        "created": 7,
        "updated": 0,
        "unchanged": 0,
        "matched": 0,
        "suspected": 0,
        "qualified": 0,
        "refused": 1,
        "warned": 0,
    }
    assert checked.notes == ["No column says when the leads were captured: today is taken."]
    assert not Lead.objects.exists()
    assert not ImportedRow.objects.exists()


def test_a_check_says_how_many_of_the_new_leads_qualify(bring: Bring, mai: User, now: datetime) -> None:
    factories.version_in_force(WEB, threshold=10)
    job = bring(TEXT.replace("A1,name 1,p1@x.example,web", "A1,name 1,p1@x.example,fair"))

    jobs.check(job_id=job.pk, actor=mai, now=now)
    take_waiting()

    job.refresh_from_db()
    assert (job.counts["created"], job.counts["qualified"]) == (7, 6)


@pytest.mark.parametrize("size", [2, 3, 100])
def test_a_run_does_what_the_check_has_said(
    size: int, checked: ImportJob, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", size)
    before = checked.counts

    jobs.run(job_id=checked.pk, actor=mai, now=now)
    assert take_waiting() == 1

    checked.refresh_from_db()
    assert (checked.state, checked.counts, checked.done_rows) == (State.DONE, before, 8)
    assert checked.done_bytes == checked.size
    assert Lead.objects.count() == ImportedRow.objects.filter(made_by=checked).count() == 7
    refused = ImportRemark.objects.get(job=checked, is_refusal=True)
    assert (refused.row, refused.code, refused.cells) == (
        9,
        "unstorable",
        ["A9", "bad\N{REPLACEMENT CHARACTER}", "", ""],
    )


def test_only_what_was_checked_is_taken(bring: Bring, mai: User, now: datetime) -> None:
    job = bring()

    with pytest.raises(NotInThisState):
        jobs.run(job_id=job.pk, actor=mai, now=now)

    jobs.check(job_id=job.pk, actor=mai, now=now)
    with pytest.raises(NotInThisState):
        jobs.run(job_id=job.pk, actor=mai, now=now)
    with pytest.raises(NotInThisState):
        jobs.set_up(job_id=job.pk, mapping=MAPPING, actor=mai, now=now)


def test_another_mapping_wants_another_check(checked: ImportJob, mai: User, now: datetime) -> None:
    jobs.set_up(job_id=checked.pk, mapping=MAPPING | {"unmapped": "keep"}, actor=mai, now=now)

    with pytest.raises(NotInThisState):
        jobs.run(job_id=checked.pk, actor=mai, now=now)


def test_who_may_not_import_may_do_nothing_here(checked: ImportJob, ren: User, now: datetime) -> None:
    refused = (
        lambda: jobs.start(kind="leads", file=io.BytesIO(b"a"), file_name="f", actor=ren, now=now),
        lambda: jobs.set_up(job_id=checked.pk, mapping=MAPPING, actor=ren, now=now),
        lambda: jobs.check(job_id=checked.pk, actor=ren, now=now),
        lambda: jobs.run(job_id=checked.pk, actor=ren, now=now),
        lambda: jobs.cancel(job_id=checked.pk, actor=ren, now=now),
    )

    for attempt in refused:
        with pytest.raises(NotAllowed):
            attempt()

    checked.refresh_from_db()
    assert checked.state == State.CHECKED


@pytest.mark.parametrize(("content", "fault"), [(b"", "empty"), (b"x" * 2000, "larger")])
def test_a_file_that_cannot_be_one_is_refused_and_not_kept(
    content: bytes, fault: str, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LARGEST", 1000)

    with pytest.raises(InvalidInput, match=fault):
        jobs.start(kind="leads", file=io.BytesIO(content), file_name="f.csv", actor=mai, now=now)

    assert not ImportJob.objects.exists()
    assert not ImportPiece.objects.exists()


def test_a_column_that_is_not_there_is_said_when_it_is_set_up(mai: User, now: datetime) -> None:
    job = jobs.start(kind="leads", file=io.BytesIO(b"id,name\n1,a\n"), file_name="f.csv", actor=mai, now=now)

    with pytest.raises(InvalidInput, match="mail") as refusal:
        jobs.set_up(job_id=job.pk, mapping=MAPPING, actor=mai, now=now)

    assert refusal.value.field == "mail"


def test_a_fault_of_the_file_ends_the_job_with_its_reason_in_ones_own_language(mai: User, now: datetime) -> None:
    User.objects.filter(pk=mai.pk).update(language="ja")
    # The fault is farther down than what is looked at beforehand.
    text = "id,name,mail,source\n" + "A1,a,,\n" * 60 + "A2," + "x" * 200_000 + ",,\n"
    job = jobs.start(kind="leads", file=io.BytesIO(text.encode()), file_name="f.csv", actor=mai, now=now)
    jobs.set_up(job_id=job.pk, mapping=MAPPING, actor=mai, now=now)
    jobs.check(job_id=job.pk, actor=mai, now=now)

    take_waiting()

    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "読み取れ" in job.fault


@pytest.mark.parametrize("stopped_after", [1, 2, 3])
def test_a_worker_that_died_is_followed_by_one_that_takes_the_rest(
    stopped_after: int, checked: ImportJob, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 2)
    jobs.run(job_id=checked.pk, actor=mai, now=now)
    parts = iter(range(100))

    def die(name: str) -> None:
        if next(parts) == stopped_after:
            raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(work, "failpoint", die)
        with pytest.raises(SystemExit):
            take_waiting()
    assert Lead.objects.count() == 2 * stopped_after
    assert take_waiting() == 0  # the claim of the dead worker still runs
    ImportJob.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))

    assert take_waiting() == 1

    checked.refresh_from_db()
    assert (checked.state, checked.counts["created"], checked.counts["refused"]) == (State.DONE, 7, 1)
    assert (checked.counts["rows"], checked.counts["unchanged"]) == (8, 0)  # nothing was looked at twice
    assert Lead.objects.count() == LeadEvent.objects.filter(kind="captured").count() == 7
    assert ImportRemark.objects.filter(job=checked, is_refusal=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_follower_remembers_rows_as_they_were_looked_at_the_first_time(
    mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 3)
    rows = [f"A0,{'x' * 300},,", "A1,one,,", "A2,two,,", "A0,good,,", ",same,,web", "A3,three,,", ",same,,web"]
    job = jobs.start(
        kind="leads",
        file=io.BytesIO(("id,name,mail,source\n" + "\n".join(rows)).encode()),
        file_name="f.csv",
        actor=mai,
        now=now,
    )
    jobs.set_up(job_id=job.pk, mapping=MAPPING, actor=mai, now=now)
    ImportJob.objects.update(state=State.RUNNING)

    for stop_at in (3, 6, 7):
        with monkeypatch.context() as dying:
            dying.setattr(work, "failpoint", lambda name: _die_at(job, stop_at))  # noqa: B023
            with pytest.raises(SystemExit):
                take_waiting()
        ImportJob.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    take_waiting()

    job.refresh_from_db()
    assert (job.state, job.counts["rows"], job.counts["created"], job.counts["refused"]) == (State.DONE, 7, 6, 1)
    assert job.remarks.filter(is_refusal=True).count() == 1
    assert Lead.objects.get(external_id="A0").full_name == "good"
    twins = Lead.objects.filter(full_name="same").values_list("external_id", flat=True)
    assert sorted(twin[-2:] for twin in twins) == ["-1", "-2"]


def _die_at(job: ImportJob, rows: int) -> None:
    """The part is stored and counted when this is asked, and stays: what dies is what would come after it."""
    if ImportJob.objects.get(pk=job.pk).done_rows == rows:
        transaction.on_commit(_exit)


def _exit() -> None:
    raise SystemExit


def test_a_worker_that_lost_its_claim_writes_nothing_more(
    checked: ImportJob, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 2)
    jobs.run(job_id=checked.pk, actor=mai, now=now)
    taken_over = timezone.now() + timedelta(minutes=1)

    def lose(name: str) -> None:
        ImportJob.objects.filter(pk=checked.pk, done_rows=4).update(claimed_until=taken_over)

    monkeypatch.setattr(work, "failpoint", lose)

    assert take_waiting() == 0

    checked.refresh_from_db()
    assert (checked.state, checked.done_rows, checked.claimed_until) == (State.RUNNING, 4, taken_over)
    assert Lead.objects.count() == 4


def test_a_file_that_kills_every_worker_is_given_up(checked: ImportJob, mai: User, now: datetime) -> None:
    jobs.run(job_id=checked.pk, actor=mai, now=now)
    ImportJob.objects.update(attempts=ImportJob.MAX_ATTEMPTS)

    take_waiting()

    checked.refresh_from_db()
    assert checked.state == State.FAILED
    assert checked.fault


def test_a_run_that_is_cancelled_keeps_what_it_took_and_says_so(
    checked: ImportJob, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 2)
    jobs.run(job_id=checked.pk, actor=mai, now=now)

    def ask(name: str) -> None:
        if ImportJob.objects.get(pk=checked.pk).done_rows == 4:
            jobs.cancel(job_id=checked.pk, actor=mai, now=now)

    monkeypatch.setattr(work, "failpoint", ask)

    take_waiting()

    checked.refresh_from_db()
    assert (checked.state, checked.counts["created"]) == (State.CANCELLED, 4)
    assert Lead.objects.count() == 4


def test_a_check_that_is_cancelled_can_be_set_up_anew(bring: Bring, mai: User, now: datetime) -> None:
    job = bring()
    jobs.check(job_id=job.pk, actor=mai, now=now)
    jobs.cancel(job_id=job.pk, actor=mai, now=now)

    take_waiting()

    job.refresh_from_db()
    assert job.state == State.DRAFT
    jobs.check(job_id=job.pk, actor=mai, now=now)


def test_an_import_of_the_command_line_that_meets_a_fault_is_over_and_stands_in_nobodys_way(
    bring: Bring, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 1)
    text = "id,name,mail,source\nA1,a,,\nA2,b,,\n" + "A3," + "x" * 2_000_000 + ",,\n"
    for _n in range(work.AT_ONCE):
        with pytest.raises(InvalidInput):
            run_import(kind="leads", file=io.BytesIO(text.encode()), file_name="f", mapping=MAPPING, actor=mai, now=now)
    job = bring("id,name,mail,source\nB1,b,,\n")

    jobs.check(job_id=job.pk, actor=mai, now=now)

    assert take_waiting() == 1
    assert set(ImportJob.objects.exclude(pk=job.pk).values_list("state", "claimed_until")) <= {(State.FAILED, None)}


def test_only_who_brought_a_file_goes_on_with_it(checked: ImportJob, aoi: User, kei: User, now: datetime) -> None:
    for somebody in (aoi, kei):
        for attempt in (jobs.check, jobs.run, jobs.cancel):
            with pytest.raises(NotAllowed):
                attempt(job_id=checked.pk, actor=somebody, now=now)

    checked.refresh_from_db()
    assert checked.state == State.CHECKED


def test_nothing_is_taken_in_the_name_of_somebody_who_has_left(checked: ImportJob, mai: User, now: datetime) -> None:
    jobs.run(job_id=checked.pk, actor=mai, now=now)
    User.objects.filter(pk=mai.pk).update(is_active=False)

    take_waiting()

    checked.refresh_from_db()
    assert (checked.state, Lead.objects.count()) == (State.FAILED, 0)


def test_history_names_who_brought_the_file(checked: ImportJob, mai: User, now: datetime) -> None:
    jobs.run(job_id=checked.pk, actor=mai, now=now)
    take_waiting()

    lead = Lead.objects.latest("pk")
    assert lead.history.get().pgh_context.metadata["user"] == mai.pk


def test_what_waits_is_stopped_at_once(checked: ImportJob, mai: User, now: datetime) -> None:
    jobs.run(job_id=checked.pk, actor=mai, now=now)

    jobs.cancel(job_id=checked.pk, actor=mai, now=now)

    checked.refresh_from_db()
    assert checked.state == State.CANCELLED


def test_what_was_checked_and_left_counts_nothing(checked: ImportJob, mai: User, now: datetime) -> None:
    jobs.cancel(job_id=checked.pk, actor=mai, now=now)

    checked.refresh_from_db()
    assert (checked.state, checked.counts, checked.done_rows) == (State.CANCELLED, {}, 0)


def test_what_nobody_went_on_with_is_over_when_its_file_is_dropped(
    checked: ImportJob, mai: User, now: datetime
) -> None:
    ImportJob.objects.update(finished_at=now)

    assert jobs.prune(now=now + timedelta(days=8)) == 1

    checked.refresh_from_db()
    assert checked.state == State.CANCELLED
    assert checked.remarks.get(is_refusal=True).cells == []


def test_what_the_command_line_left_half_way_is_ended_with_a_word(mai: User, now: datetime) -> None:
    job = ImportJob.objects.create(kind="leads", file_name="f", sha256="", actor=mai, at=now, state=State.RUNNING)

    take_waiting()

    job.refresh_from_db()
    assert (job.state, "Bring it again" in job.fault) == (State.FAILED, True)


def test_files_are_dropped_when_nobody_needs_them_any_more(checked: ImportJob, mai: User, now: datetime) -> None:
    jobs.run(job_id=checked.pk, actor=mai, now=now)
    assert jobs.prune(now=now + timedelta(days=30)) == 0  # somebody works on it

    take_waiting()

    ImportJob.objects.update(finished_at=now)
    assert jobs.prune(now=now + timedelta(days=6)) == 0
    assert jobs.prune(now=now + timedelta(days=8)) == 1
    assert not ImportPiece.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_workers_take_each_job_once_and_never_more_than_two_at_a_time(
    bring: Bring, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = [bring(TEXT.replace("A", f"F{n}-").replace(",p", f",{n}p")) for n in range(5)]
    for job in brought:
        ImportJob.objects.filter(pk=job.pk).update(state=State.RUNNING)
    at_once, most, guard = set(), [], threading.Lock()
    take = work._take

    def watched(job: ImportJob, clock: work.Clock) -> None:
        with guard:
            assert job.pk not in at_once
            at_once.add(job.pk)
            most.append(len(at_once))
        take(job, clock)
        with guard:
            at_once.discard(job.pk)

    monkeypatch.setattr(work, "_take", watched)
    ended: list[int] = []

    def worker() -> None:
        try:
            ended.append(take_waiting())
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended.append(take_waiting())

    assert sum(ended) == 5
    assert max(most) <= work.AT_ONCE
    assert Lead.objects.count() == 35


def test_a_workbook_is_read_from_the_sheet_that_the_person_chooses(client: Client, mai: User) -> None:
    book = workbooks.xlsx(Notes=[["what", "when"], ["a", "b"]], People=[["id", "name"], ["A1", "田中"]])
    client.force_login(mai)

    client.post(reverse("leads:import-new"), {"kind": "leads", "file": SimpleUploadedFile("fair.xlsx", book)})
    job = ImportJob.objects.get()
    columns = reverse("leads:import-columns", args=[job.pk])
    asked = client.get(columns).content.decode()
    anew = client.post(columns, {"sheet": "People", "read_anew": "1"}).content.decode()
    fields = {"field_0": "external_id", "field_1": "full_name", "keep": "on"}
    client.post(columns, {"system": "fair", "sheet": "People", **fields})
    take_waiting()
    client.post(reverse("leads:import-run", args=[job.pk]))
    take_waiting()

    assert "People" in asked
    assert ("Field of “what”" in asked, "Field of “id”" in asked) == (True, False)
    assert "Field of “id”" in anew
    assert Lead.objects.get().full_name == "田中"
