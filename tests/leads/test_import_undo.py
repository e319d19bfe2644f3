"""An import is taken back: what it made and changed goes, and what something else has happened to stays."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed
from handoff.services.offers import hand_over
from leads.models import Account, ExternalId, ImportChange, ImportedRow, ImportJob, Lead, LeadEvent
from leads.rules.stages import LeadEventKind, Stage
from leads.selectors.staying import stayed, undo_of
from leads.services import company_merging, judging, merging
from leads.services.activities import record_activity
from leads.services.deals import open_deal
from leads.services.importing import jobs, leads, undoing, work
from leads.services.importing.jobs import NotInThisState
from leads.services.leads import update_lead
from leads.services.touches import add_touch
from tests import factories

pytestmark = pytest.mark.django_db

COLUMNS = {"id": "external_id", "name": "full_name", "mail": "email", "title": "job_title", "phone": "phone"}
MAPPING = {"system": "fair", "columns": COLUMNS}
HEADER = "id,name,mail,title,phone\n"
ROWS = "".join(f"A{n},name {n},p{n}@x.example,,\n" for n in range(4))
TWICE = "A0,name zero,p0@x.example,Clerk,\nA1,name zero,p0@x.example,,03-1234-5678\n"
"""Two ids of one person."""
State = ImportJob.State


class Killed(BaseException):
    """What no worker survives."""


Take = Callable[..., ImportJob]


@pytest.fixture
def taken(mai: User) -> Take:
    """Bring rows of leads and take them."""

    def bring(rows: str = ROWS, *, header: str = HEADER, mapping: dict[str, Any] = MAPPING) -> ImportJob:
        now = timezone.now()
        file = io.BytesIO((header + rows).encode())
        job = jobs.start(kind="leads", file=file, file_name="fair.csv", actor=mai, now=now)
        jobs.set_up(job_id=job.pk, mapping=mapping, actor=mai, now=now)
        jobs.check(job_id=job.pk, actor=mai, now=now)
        work.take_waiting(clock=timezone.now)
        jobs.run(job_id=job.pk, actor=mai, now=now)
        work.take_waiting(clock=timezone.now)
        job.refresh_from_db()
        assert job.state == State.DONE
        return job

    return bring


def undo(job: ImportJob, actor: User, *, at: datetime | None = None) -> ImportJob:
    jobs.undo(job_id=job.pk, actor=actor, now=at or timezone.now())
    work.take_waiting(clock=timezone.now)
    job.refresh_from_db()
    return job


def test_what_it_made_counts_no_more_and_the_same_file_brings_it_again(taken: Take, mai: User) -> None:
    job = undo(taken(), mai)

    assert (job.state, job.counts["undone"], job.counts["kept"]) == (State.UNDONE, 4, 0)
    assert not Lead.objects.exists()
    assert not ImportedRow.objects.exists()
    assert Lead.everything.filter(taken_back_by=job).count() == 4
    assert LeadEvent.objects.filter(kind=LeadEventKind.TAKEN_BACK, actor=mai).count() == 4

    assert taken().counts["created"] == 4


def test_what_went_as_a_whole_is_not_taken_back_twice(
    taken: Take, mai: User, kei: User, signed_in: Callable[[User], Client]
) -> None:
    job = undo(taken(), mai)

    page = signed_in(kei).get(f"/imports/{job.pk}/").text
    with pytest.raises(InvalidInput, match="Nothing of this import is left"):
        jobs.undo(job_id=job.pk, actor=kei, now=timezone.now())

    assert f"/imports/{job.pk}/undo/" not in page
    job.refresh_from_db()
    assert (job.state, job.undone_by) == (State.UNDONE, mai)


def test_what_a_second_row_said_of_a_lead_that_went_is_nothing_that_stays(
    taken: Take, mai: User, signed_in: Callable[[User], Client]
) -> None:
    job = undo(taken(TWICE), mai)

    assert (job.counts["undone"], job.counts["restored"], job.counts["kept"]) == (1, 0, 0)
    assert stayed(job).stay_count == 0
    assert "These stay" not in signed_in(mai).get(f"/imports/{job.pk}/").text
    assert not ImportChange.objects.exists()


@pytest.mark.parametrize("again", [TWICE, TWICE.splitlines()[1] + "\n"])
def test_a_second_id_of_a_lead_is_forgotten_with_it(taken: Take, mai: User, again: str) -> None:
    job = taken(TWICE)
    assert ExternalId.objects.get().external_id == "A1"

    undo(job, mai)

    assert not ExternalId.objects.exists()
    assert not ImportedRow.objects.exists()
    assert taken(again).counts["created"] == 1
    assert Lead.objects.get().phone == "+81312345678"


def test_an_id_of_a_lead_that_was_taken_back_is_nobodys(taken: Take, mai: User, now: datetime) -> None:
    """One that was left by an undo of old."""
    undo(taken(TWICE), mai)
    gone = Lead.everything.get()
    ExternalId.objects.create(source_system="fair", external_id="A1", lead=gone, at=now)

    assert taken("A1,name one,p1@x.example,,\n").counts["created"] == 1
    assert Lead.objects.get().external_id == "A1"


def test_a_row_whose_lead_never_comes_to_rest_ends_its_file(taken: Take, mai: User, now: datetime) -> None:
    """Whatever the reason is: no worker may be held for ever."""
    here, survivor, last = (factories.lead(source_system="fair", external_id=id, captured_at=now) for id in "ABC")
    Lead.objects.filter(pk=here.pk).update(merged_into=survivor)
    Lead.objects.filter(pk=survivor.pk).update(merged_into=last)  # services leave no such chain

    with pytest.raises(NotInThisState):  # its check has not come to an end
        taken("A,name,a@x.example,,\n")

    later = timezone.now()
    for _attempt in range(ImportJob.MAX_ATTEMPTS + 1):
        later += ImportJob.LEASE * 2
        work.take_waiting(clock=lambda: later)  # noqa: B023 - called at once
    job = ImportJob.objects.get()
    assert (job.state, "stopped each time at the same place" in job.fault) == (State.FAILED, True)


def touched(lead: Lead, mai: User, ren: User, now: datetime) -> None:
    add_touch(lead_id=lead.pk, kind="download", at=None, detail="", actor=mai, now=now)


def corrected(lead: Lead, mai: User, ren: User, now: datetime) -> None:
    update_lead(lead_id=lead.pk, facts={"job_title": "Head"}, seen=None, actor=mai, now=now)


def handed_over(lead: Lead, mai: User, ren: User, now: datetime) -> None:
    factories.version_in_force({"condition": {"field": "email", "op": "is_present"}, "points": 10})
    factories.routing_rule(ren.team)
    hand_over(lead_id=lead.pk, actor=mai, now=now)


def worked_on(lead: Lead, mai: User, ren: User, now: datetime) -> None:
    Lead.objects.filter(pk=lead.pk).update(stage=Stage.WITH_SALES, qualified_at=now, owner=ren)
    record_activity(
        lead_id=lead.pk, kind="call", outcome="spoke", note="", at=None, next_step_on=None, actor=ren, now=now
    )


def sold_to(lead: Lead, mai: User, ren: User, now: datetime) -> None:
    Lead.objects.filter(pk=lead.pk).update(stage=Stage.WITH_SALES, qualified_at=now, owner=ren)
    open_deal(lead_id=lead.pk, name="D", amount=None, expected_on=None, product="", actor=ren, now=now)


def merged(lead: Lead, mai: User, ren: User, now: datetime) -> None:
    merging.merge(pair=[lead.pk, factories.lead(captured_at=now + timedelta(days=1)).pk], facts={}, actor=mai, now=now)


def merged_away(lead: Lead, mai: User, ren: User, now: datetime) -> None:
    merging.merge(pair=[lead.pk, factories.lead(captured_at=now - timedelta(days=1)).pk], facts={}, actor=mai, now=now)


@pytest.mark.parametrize("happens", [touched, corrected, handed_over, worked_on, sold_to, merged, merged_away])
def test_what_something_else_has_happened_to_stays_and_is_named(
    happens: Callable[..., None], taken: Take, mai: User, ren: User, now: datetime, signed_in: Callable[[User], Client]
) -> None:
    job = taken()
    lead = Lead.objects.get(external_id="A2")
    happens(lead, mai, ren, timezone.now())
    page, told = signed_in(mai).get(f"/imports/{job.pk}/undo/").text, undo_of(job)

    undo(job, mai)

    assert (job.counts["undone"], job.counts["kept"]) == (told.records, told.stay_count) == (3, 1)
    assert f"/leads/{lead.pk}/" in page
    assert Lead.everything.get(pk=lead.pk).external_id == "A2"


def test_what_it_changed_of_a_lead_that_was_merged_away_stays(taken: Take, mai: User, now: datetime) -> None:
    here = factories.lead(email="p0@x.example", full_name="name", job_title="", captured_at=now)
    job = taken("A0,name,p0@x.example,Head,\n")
    merged_away(here, mai, mai, now)
    told = undo_of(job)

    undo(job, mai)

    assert (told.changes, job.counts["restored"], job.counts["kept"]) == (0, 0, 1)


def test_being_judged_anew_is_nothing_that_happened(taken: Take, mai: User) -> None:
    job = taken()
    factories.version_in_force({"condition": {"field": "email", "op": "is_present"}, "points": 10})
    judging.judge(lead_ids=list(Lead.objects.values_list("pk", flat=True)), now=timezone.now())
    assert Lead.objects.in_stage(Stage.QUALIFIED).count() == 4

    assert undo(job, mai).counts["undone"] == 4


def test_what_it_changed_goes_back_and_what_was_changed_since_stays(taken: Take, mai: User, now: datetime) -> None:
    here = factories.lead(email="p0@x.example", full_name="", job_title="", phone="", captured_at=now)
    job = taken("A0,name 0,p0@x.example,Head,03-1234-5678\n")
    update_lead(lead_id=here.pk, facts={"job_title": "Chief"}, seen=None, actor=mai, now=timezone.now())

    undo(job, mai)

    here.refresh_from_db()
    assert (here.full_name, here.phone, here.job_title) == ("", "", "Chief")
    assert ImportChange.objects.exists()  # taken back once what came later is
    assert (job.counts["undone"], job.counts["restored"], job.counts["kept"]) == (0, 0, 1)


def test_a_later_file_is_taken_back_before_the_first(taken: Take, mai: User) -> None:
    first = taken("A0,name,p0@x.example,Clerk,\n")
    second = taken("A0,name,p0@x.example,Head,\n")

    assert undo(first, mai).counts["kept"] == 1
    undo(second, mai)

    assert Lead.objects.get().job_title == "Clerk"
    assert ImportedRow.objects.get().facts["job_title"] == "Clerk"
    assert taken("A0,name,p0@x.example,Head,\n").counts["updated"] == 1


def test_what_was_left_is_taken_back_once_what_came_later_is(taken: Take, mai: User, now: datetime) -> None:
    here = factories.lead(email="p0@x.example", full_name="name", job_title="", captured_at=now)
    first = taken("A0,name,p0@x.example,Clerk,\n")
    second = taken("A0,name,p0@x.example,Head,\n")

    assert undo(first, mai).counts["kept"] == 1
    undo(second, mai)
    undo(first, mai)

    here.refresh_from_db()
    assert here.job_title == ""


@pytest.mark.parametrize("merged", ["Old", "New", "both"])
def test_a_lead_goes_back_to_the_company_that_its_own_became_part_of(taken: Take, mai: User, merged: str) -> None:
    columns = {"id": "external_id", "name": "full_name", "company": "company"}
    file = {"header": "id,name,company\n", "mapping": {"system": "fair", "columns": columns}}
    taken("A0,Ann,Old\n", **file)
    second = taken("A0,Ann,New\n", **file)
    survivor = factories.account("Survivor", is_key_account=True)
    for name in ("Old", "New") if merged == "both" else (merged,):
        pair = [Account.objects.get(name=name).pk, survivor.pk]
        company_merging.merge(pair=pair, facts={}, actor=mai, now=timezone.now())

    undo(second, mai)

    lead = Lead.objects.get()
    assert lead.company_name == "Old"
    assert lead.account == (Account.objects.get(name="Old") if merged == "New" else survivor)


def test_what_an_import_did_whose_undo_was_stopped_is_something_that_happened(taken: Take, mai: User) -> None:
    first = taken("A0,name,p0@x.example,Clerk,\n")
    second = taken("A0,name,p0@x.example,Head,\n")
    jobs.undo(job_id=second.pk, actor=mai, now=timezone.now())
    jobs.cancel(job_id=second.pk, actor=mai, now=timezone.now())

    assert undo(first, mai).counts["kept"] == 1
    assert Lead.objects.get().job_title == "Head"

    undo(second, mai)
    assert undo(first, mai).counts["undone"] == 1


def test_what_an_undone_import_did_is_nothing_that_happened(taken: Take, mai: User) -> None:
    first = taken("A0,name,p0@x.example,Clerk,\n")
    second = taken("A0,name,p0@x.example,Head,\n")
    undo(second, mai)

    assert undo(first, mai).counts["undone"] == 1
    assert not Lead.objects.exists()


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0,)])
def test_what_an_undone_file_said_of_a_row_is_forgotten_in_whatever_order(
    order: tuple[int, ...], taken: Take, mai: User, now: datetime
) -> None:
    """Both files write through one id; what stands of the later is remembered, and no more."""
    here = factories.lead(email="p0@x.example", full_name="name", job_title="", phone="", captured_at=now)
    files = [taken("A0,name,p0@x.example,Clerk,\n"), taken("A0,name,p0@x.example,Clerk,03-1234-5678\n")]

    for which in order:
        assert undo(files[which], mai).counts["kept"] == 0
    assert ImportChange.objects.filter(remembered__isnull=False).count() == 0
    here.refresh_from_db()
    is_known = len(order) == 1
    assert (here.job_title, here.phone) == ("", "+81312345678" if is_known else "")
    assert ExternalId.objects.exists() is ImportedRow.objects.exists() is is_known

    again = taken("A0,name,p0@x.example,Clerk,\n")
    here.refresh_from_db()
    assert (here.job_title, again.counts["updated"], again.remarks.count()) == ("Clerk", 1, 0)


def test_of_three_files_the_first_is_forgotten_by_both_others(taken: Take, mai: User, now: datetime) -> None:
    here = factories.lead(email="p0@x.example", full_name="name", job_title="", phone="", captured_at=now)
    first = taken("A0,name,p0@x.example,Clerk,\n")
    second = taken("A0,name,p0@x.example,,03-1234-5678\n")
    third = taken("A0,renamed,p0@x.example,,\n")

    undo(first, mai)
    undo(third, mai)

    assert ImportedRow.objects.get().facts == {
        "full_name": "name",
        "email": "p0@x.example",
        "phone": "+81312345678",
    }
    undo(second, mai)
    here.refresh_from_db()
    assert (here.job_title, here.phone, here.full_name) == ("", "", "name")
    assert not ImportedRow.objects.exists()


def test_what_a_later_file_said_is_forgotten_though_an_earlier_stands(taken: Take, mai: User, now: datetime) -> None:
    here = factories.lead(email="p0@x.example", full_name="name", job_title="", captured_at=now)
    taken("A0,name,p0@x.example,Clerk,\n")
    undo(taken("A0,name,p0@x.example,Head,\n"), mai)
    assert ImportedRow.objects.get().facts["job_title"] == "Clerk"

    taken("A0,name,p0@x.example,Head,\n")

    here.refresh_from_db()
    assert here.job_title == "Head"


def test_an_id_that_a_later_file_writes_through_stays_known(taken: Take, mai: User, now: datetime) -> None:
    factories.lead(email="p0@x.example", full_name="name", captured_at=now)
    first = taken("A0,name,p0@x.example,Clerk,\n")
    taken("A0,name,p0@x.example,Head,\n")
    undo(first, mai)

    taken("A0,name,new@x.example,,\n")

    assert Lead.objects.count() == 1


def test_of_two_rows_of_one_lead_the_later_goes_back_first(
    taken: Take, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = factories.lead(email="p0@x.example", full_name="name", job_title="", phone="", captured_at=now)
    job = taken("A0,name,p0@x.example,Clerk,\nA1,name,p0@x.example,,03-1234-5678\n")
    monkeypatch.setattr(undoing, "PART", 1)

    undo(job, mai)

    here.refresh_from_db()
    assert (here.job_title, here.phone, job.counts["kept"]) == ("", "", 0)


def test_rows_of_one_lead_that_were_looked_at_together_go_back(
    taken: Take, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last time nobody waits: the first row writes, the others only are known from then on."""
    here = factories.lead(email="p0@x.example", full_name="name", job_title="", captured_at=now)
    monkeypatch.setattr(leads, "ROUNDS", 1)
    job = taken("A0,name,p0@x.example,Clerk,\nA1,name,p0@x.example,,\n")
    assert {change.external_id for change in ImportChange.objects.all()} == {"A0", "A1"}

    undo(job, mai)

    here.refresh_from_db()
    assert (here.job_title, job.counts["restored"], job.counts["kept"]) == ("", 2, 0)
    assert not ImportedRow.objects.exists()


def test_a_lead_that_was_handed_over_since_keeps_its_place(taken: Take, mai: User, ren: User, now: datetime) -> None:
    here = factories.lead(email="p0@x.example", full_name="name", job_title="", captured_at=now)
    factories.version_in_force({"condition": {"field": "job_title", "op": "is", "value": "Head"}, "points": 10})
    factories.routing_rule(ren.team)
    job = taken("A0,name,p0@x.example,Head,\n")
    hand_over(lead_id=here.pk, actor=mai, now=timezone.now())

    undo(job, mai)

    here.refresh_from_db()
    assert (job.state, here.stage, here.job_title) == (State.UNDONE, Stage.OFFERED, "")


def test_a_killed_worker_loses_nothing(taken: Take, mai: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = taken()
    monkeypatch.setattr(undoing, "PART", 1)
    jobs.undo(job_id=job.pk, actor=mai, now=timezone.now())
    parts = []

    def dies(name: str) -> None:
        parts.append(name)
        if len(parts) == 2:
            raise Killed

    monkeypatch.setattr(work, "failpoint", dies)
    with pytest.raises(Killed):
        work.take_waiting(clock=timezone.now)
    assert Lead.objects.count() == 3  # one part was done, the second is undone with what it counted

    work.take_waiting(clock=lambda: timezone.now() + ImportJob.LEASE * 2)

    job.refresh_from_db()
    assert (job.state, job.counts["undone"], Lead.objects.count()) == (State.UNDONE, 4, 0)


def test_what_stays_is_counted_once_however_often_it_was_looked_at(
    taken: Take, mai: User, ren: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = taken()
    touched(Lead.objects.get(external_id="A0"), mai, ren, timezone.now())
    monkeypatch.setattr(undoing, "PART", 1)
    jobs.undo(job_id=job.pk, actor=mai, now=timezone.now())
    parts = []

    def dies(name: str) -> None:
        parts.append(name)
        if len(parts) == 2:
            raise Killed

    monkeypatch.setattr(work, "failpoint", dies)
    with pytest.raises(Killed):
        work.take_waiting(clock=timezone.now)
    work.take_waiting(clock=lambda: timezone.now() + ImportJob.LEASE * 2)

    job.refresh_from_db()
    assert (job.counts["undone"], job.counts["kept"]) == (3, 1)


def test_what_was_not_reached_when_it_was_stopped_stays(taken: Take, mai: User) -> None:
    job = taken()
    jobs.undo(job_id=job.pk, actor=mai, now=timezone.now())

    jobs.cancel(job_id=job.pk, actor=mai, now=timezone.now())

    job.refresh_from_db()
    assert (job.state, job.counts["undone"], job.counts["kept"]) == (State.UNDONE, 0, 4)


@pytest.mark.parametrize(
    ("person", "is_let"), [("mai", True), ("aoi", True), ("kei", True), ("ren", False), ("other", False)]
)
def test_who_may(person: str, is_let: bool, taken: Take, request: pytest.FixtureRequest) -> None:
    actor = factories.user("other") if person == "other" else request.getfixturevalue(person)
    job = taken()

    if is_let:
        assert undo(job, actor).state == State.UNDONE
    else:
        with pytest.raises(NotAllowed):
            undo(job, actor)
        assert Lead.objects.count() == 4


def test_of_leads_enough_was_noted_from_the_beginning(taken: Take, mai: User) -> None:
    job = taken()
    ImportJob.objects.update(notes_effects=False)

    assert undo(job, mai).counts["undone"] == 4


def test_after_seven_days_it_stays(taken: Take, mai: User) -> None:
    job = taken()

    with pytest.raises(InvalidInput, match="within 7 days"):
        undo(job, mai, at=timezone.now() + timedelta(days=7, minutes=1))

    undo(job, mai, at=timezone.now() + timedelta(days=6, hours=23))
    assert not Lead.objects.exists()


def test_what_it_changed_is_forgotten_when_it_can_no_longer_be_taken_back(
    taken: Take, mai: User, now: datetime, monkeypatch: pytest.MonkeyPatch, signed_in: Callable[[User], Client]
) -> None:
    monkeypatch.setattr(undoing, "PART", 1)
    for n in range(2):
        factories.lead(email=f"p{n}@x.example", full_name=f"name {n}", job_title="", captured_at=now)
    job = taken(f"A0,name 0,p0@x.example,Clerk,\nA1,name 1,p1@x.example,Head,\n{ROWS.splitlines()[3]}\n")
    assert job.finished_at is not None
    update_lead(lead_id=Lead.objects.get(job_title="Head").pk, facts={"job_title": "X"}, seen=None, actor=mai, now=now)
    week = timedelta(days=7)

    jobs.prune(now=job.finished_at + week)
    assert ImportChange.objects.count() == 2
    undo(job, mai)
    jobs.prune(now=job.finished_at + week)
    assert ImportChange.objects.count() == 1  # may still be taken back once what came later is

    ImportJob.objects.update(finished_at=timezone.now() - week - timedelta(minutes=1))
    jobs.prune(now=timezone.now())
    page = signed_in(mai).get(f"/imports/{job.pk}/undo/", follow=True)

    assert not ImportChange.objects.exists()
    job.refresh_from_db()
    assert (job.counts["restored"], job.counts["kept"]) == (1, 1)
    assert "within 7 days" in page.text
    assert "What something else has happened to since stays" in page.text


def test_what_is_being_taken_back_is_not_forgotten(taken: Take, mai: User, now: datetime) -> None:
    factories.lead(email="p0@x.example", full_name="name", job_title="", captured_at=now)
    job = taken("A0,name,p0@x.example,Clerk,\n")
    assert job.finished_at is not None
    jobs.undo(job_id=job.pk, actor=mai, now=timezone.now())

    jobs.prune(now=job.finished_at + timedelta(days=8))

    assert ImportChange.objects.exists()


def test_only_what_has_ended_is_taken_back(taken: Take, mai: User) -> None:
    job = taken()
    jobs.undo(job_id=job.pk, actor=mai, now=timezone.now())

    with pytest.raises(NotInThisState):
        jobs.undo(job_id=job.pk, actor=mai, now=timezone.now())


def test_the_page_offers_it_says_what_goes_and_does_it(
    taken: Take, mai: User, signed_in: Callable[[User], Client]
) -> None:
    job, client = taken(), signed_in(mai)
    assert f"/imports/{job.pk}/undo/" in client.get(f"/imports/{job.pk}/").text

    answer = client.post(f"/imports/{job.pk}/undo/", follow=True)
    assert "is being taken back" in answer.text
    work.take_waiting(clock=timezone.now)

    page = client.get(f"/imports/{job.pk}/").text
    assert "Taken back" in page
    gone = Lead.everything.earliest("pk")
    assert "This lead was taken back" in client.get(f"/leads/{gone.pk}/").text
