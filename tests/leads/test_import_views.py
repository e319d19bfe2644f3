"""Bringing a file in the portal, step by step, as a marketer does."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alignment.accounts.models import User
from leads.models import ImportJob, Lead, SavedMapping
from leads.services.importing import jobs, reading, work
from tests import factories, workbooks

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
State = ImportJob.State
HEADER = "番号,氏名,会社名,メールアドレス,登録日\n"
TEXT = HEADER + "A1,田中 花子,山田製作所,hanako@yamada.example,2026/01/05\nA2,鈴木,,bad,2026/01/06\n"
FIELDS = {"field_0": "external_id", "field_1": "full_name", "field_2": "company", "field_3": "email"}
DATES = {"field_4": "captured_at", "form_4": "Y/M/D"}
CHOICES = FIELDS | DATES | {"system": "計測展2026", "encoding": "utf-8-sig", "keep": "on"}


def file(content: str | bytes = TEXT, name: str = "計測展.csv") -> io.BytesIO:
    found = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    found.name = name
    return found


def bring(client: Client, content: str | bytes = TEXT, **data: Any) -> ImportJob:
    answer = client.post("/imports/new/", {"kind": "leads", "file": file(content)} | data)
    assert answer.status_code == 302, answer.content.decode()
    return ImportJob.objects.latest("pk")


def work_on_it() -> None:
    work.take_waiting(clock=timezone.now)


def test_a_file_is_brought_set_up_checked_and_taken(signed_in: Browser, mai: User) -> None:
    factories.version_in_force({"condition": {"field": "email", "op": "is_present"}, "points": 5}, threshold=5)
    client = signed_in(mai)
    job = bring(client)

    page = client.get(f"/imports/{job.pk}/columns/").content.decode()
    for value in ("hanako@yamada.example", 'value="captured_at" selected', 'value="full_name" selected'):
        assert value in page

    answer = client.post(f"/imports/{job.pk}/columns/", CHOICES)
    assert (answer.status_code, answer["Location"]) == (302, f"/imports/{job.pk}/")
    page = client.get(f"/imports/{job.pk}/").content.decode()
    assert "<progress" in page
    assert f'hx-get="/imports/{job.pk}/?asked=1"' in page

    work_on_it()
    page = client.get(f"/imports/{job.pk}/", headers=HTMX).content.decode()
    assert "<html" not in page
    assert "hx-trigger" not in page  # nothing moves any more, so nobody asks
    assert "is not an e-mail address" in page
    assert not Lead.objects.exists()

    client.post(f"/imports/{job.pk}/run/")
    work_on_it()

    job.refresh_from_db()
    assert (job.state, job.counts["created"], job.counts["qualified"]) == (State.DONE, 2, 1)
    page = client.get(f"/imports/{job.pk}/").content.decode()
    assert f"/leads/?brought_by={job.pk}" in page
    made = client.get(f"/leads/?brought_by={job.pk}").content.decode()
    assert "田中 花子" in made
    assert "鈴木" in made


def test_the_list_of_an_import_holds_its_leads_only(signed_in: Browser, mai: User) -> None:
    factories.lead(full_name="Somebody else", source_system="計測展2026", external_id="Z9")
    client = signed_in(mai)
    job = bring(client)
    client.post(f"/imports/{job.pk}/columns/", CHOICES)
    work_on_it()
    client.post(f"/imports/{job.pk}/run/")
    work_on_it()

    assert "Somebody else" not in client.get(f"/leads/?brought_by={job.pk}").content.decode()
    assert "Somebody else" in client.get("/leads/").content.decode()


def test_pasted_rows_are_a_file_too(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    answer = client.post("/imports/new/", {"kind": "leads", "text": "氏名\tTEL\n田中\t03-1234-5678\n"})

    job = ImportJob.objects.get()
    assert answer["Location"] == f"/imports/{job.pk}/columns/"
    page = client.get(f"/imports/{job.pk}/columns/").content.decode()
    assert 'value="phone" selected' in page


@pytest.mark.parametrize("data", [{}, {"file": file(), "text": "a,b"}, {"file": file(b"")}])
def test_a_file_or_pasted_rows_are_asked_for(data: dict[str, Any], signed_in: Browser, mai: User) -> None:
    answer = signed_in(mai).post("/imports/new/", {"kind": "leads"} | data)

    assert answer.status_code == 422
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"form_4": ""}, "Say how the dates of"),
        ({"field_1": "email"}, "is this field already"),
        ({"system": ""}, "Fill in"),
        (dict.fromkeys((f"field_{n}" for n in range(5)), ""), "at least one column"),
        ({"field_1": "captured_at", "field_4": ""}, "values that are no dates"),
    ],
)
def test_what_is_wrong_with_the_columns_is_said_and_nothing_begins(
    changes: dict[str, str], said: str, signed_in: Browser, mai: User
) -> None:
    client = signed_in(mai)
    job = bring(client)

    answer = client.post(f"/imports/{job.pk}/columns/", CHOICES | changes)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    job.refresh_from_db()
    assert job.state == State.DRAFT


def test_what_all_rows_have_in_common_is_asked_for_and_stays_when_the_columns_are_set_anew(
    signed_in: Browser, mai: User
) -> None:
    client = signed_in(mai)
    job = bring(client)
    common = {"otherwise_source": "exhibition", "otherwise_campaign": "Measuring fair 2026"}

    anew = client.post(f"/imports/{job.pk}/columns/", {"read_anew": "1"} | common).content.decode()
    client.post(f"/imports/{job.pk}/columns/", CHOICES | common)

    assert 'value="Measuring fair 2026"' in anew
    job.refresh_from_db()
    assert job.mapping["otherwise"] == {"source": "exhibition", "campaign": "Measuring fair 2026"}


def test_the_encoding_is_recognised_and_another_can_be_chosen(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, "氏名,会社名\n田中,山田製作所\n".encode("euc_jp"))
    page = client.get(f"/imports/{job.pk}/columns/").content.decode()
    assert "山田製作所" in page
    assert '<option value="euc_jp" selected' in page

    garbled = client.post(f"/imports/{job.pk}/columns/", {"encoding": "cp932", "read_anew": "1"}).content.decode()
    again = client.post(f"/imports/{job.pk}/columns/", {"encoding": "euc_jp", "read_anew": "1"}).content.decode()

    assert "山田製作所" not in garbled
    assert "山田製作所" in again


def test_bytes_that_are_no_text_in_the_encoding_are_said_with_their_place(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, "氏名,会社名\n田中,山田製作所\n".encode("cp932"))

    answer = client.get(f"/imports/{job.pk}/columns/?encoding=utf-8-sig")

    assert answer.status_code == 422
    assert "Line 1 (byte 0)" in answer.content.decode()


def test_refused_rows_come_back_as_a_file_with_the_reason(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, TEXT + "A1,=cmd(),,x,2026/02/03\n")
    client.post(f"/imports/{job.pk}/columns/", CHOICES)
    work_on_it()

    answer = client.get(f"/imports/{job.pk}/refused/")

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, row = text.splitlines()
    assert header == "Reason,番号,氏名,会社名,メールアドレス,登録日"
    assert row.startswith("4: ")
    assert row.endswith(",A1,'=cmd(),,x,2026/02/03")
    assert "attachment" in answer["Content-Disposition"]


def test_an_import_that_is_at_work_can_be_stopped(
    signed_in: Browser, mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 1)
    client = signed_in(mai)
    job = bring(client)
    client.post(f"/imports/{job.pk}/columns/", CHOICES)

    client.post(f"/imports/{job.pk}/cancel/")
    work_on_it()

    job.refresh_from_db()
    assert job.state == State.DRAFT
    assert client.post(f"/imports/{job.pk}/run/").status_code == 409


def test_who_may_not_import_sees_no_door_to_it(signed_in: Browser, mai: User, ren: User) -> None:
    assert "/imports/" in signed_in(mai).get("/leads/").content.decode()
    assert "/imports/" not in signed_in(ren).get("/leads/").content.decode()


def test_a_file_of_very_many_columns_with_dates_can_be_set_up(signed_in: Browser, mai: User) -> None:
    client, count = signed_in(mai), 600
    names, days = ",".join(f"c{n}" for n in range(count)), ",".join(["2026-01-05"] * count)
    job = bring(client, f"{names}\n{days}\n")
    choices = dict.fromkeys((f"field_{n}" for n in range(count)), "") | {f"form_{n}": "Y-M-D" for n in range(count)}
    choices |= {"system": "fair", "encoding": "utf-8-sig", "field_0": "captured_at"}

    answer = client.post(f"/imports/{job.pk}/columns/", choices)

    assert answer.status_code == 302


def test_the_page_says_how_the_file_was_read_and_shows_its_first_lines(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, 'Visitors of 2026;\n\n"氏名";会社名\n"田中; 花子";山田製作所\n'.encode("cp932"))

    page = client.get(f"/imports/{job.pk}/columns/").content.decode()

    for said in ("Shift_JIS (CP932)", "Semicolon", "row 3", "What stands above the header is skipped"):
        assert said in page
    assert "&quot;田中; 花子&quot;;山田製作所" in page  # as it stands


def test_separator_and_header_row_can_be_said_otherwise_and_are_kept(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, "a|b\n氏名|会社名\n田中|山田製作所\n")
    assert "no-such-column" not in client.get(f"/imports/{job.pk}/columns/").content.decode()

    anew = {"encoding": "utf-8", "delimiter": "|", "header_row": "2", "read_anew": "1", "system": "Fair"}
    page = client.post(f"/imports/{job.pk}/columns/", anew).content.decode()
    assert 'value="full_name" selected' in page
    assert 'value="Fair"' in page  # what was written already stays
    choices = anew | {"field_0": "full_name", "field_1": "company"}
    del choices["read_anew"]
    assert client.post(f"/imports/{job.pk}/columns/", choices).status_code == 302
    work_on_it()

    job.refresh_from_db()
    assert (job.mapping["delimiter"], job.mapping["header_row"]) == ("|", 2)
    assert (job.state, job.counts["created"]) == (State.CHECKED, 1)
    assert '<option value="|" selected' in client.get(f"/imports/{job.pk}/columns/").content.decode()


@pytest.mark.parametrize("given", [{"header_row": "x"}, {"header_row": "9" * 5000}, {"delimiter": "ab"}])
def test_a_reading_that_cannot_be_is_refused_with_a_way_back(
    given: dict[str, str], signed_in: Browser, mai: User
) -> None:
    client = signed_in(mai)
    job = bring(client)

    answer = client.post(f"/imports/{job.pk}/columns/", {"encoding": "utf-8", "read_anew": "1"} | given)

    assert answer.status_code == 422
    assert f'href="/imports/{job.pk}/columns/"' in answer.content.decode()


def test_another_sheet_has_a_header_of_its_own(signed_in: Browser, mai: User) -> None:
    first = [["資料", ""], ["氏名", "会社名"], ["田中", "山田"], ["鈴木", "山田"]]
    book = workbooks.xlsx(一覧=first, 名簿=[["氏名", "TEL"], ["鈴木", "03"]])
    client = signed_in(mai)
    client.post("/imports/new/", {"kind": "leads", "file": file(book, "fair.xlsx")})
    job = ImportJob.objects.latest("pk")

    anew = {"sheet": "名簿", "sheet_was": "一覧", "header_row": "2", "read_anew": "1"}
    page = client.post(f"/imports/{job.pk}/columns/", anew).content.decode()

    assert 'value="phone" selected' in page


@pytest.mark.parametrize(("rule", "phone"), [("", "+81300000000"), ("newer", "+81312345678")])
def test_it_is_chosen_what_a_row_does_to_somebody_who_is_here(
    rule: str, phone: str, signed_in: Browser, mai: User
) -> None:
    known = factories.lead(email="hanako@yamada.example", phone="+81300000000", full_name="田中 花子")
    client = signed_in(mai)
    job = bring(client, "氏名,メールアドレス,電話\n田中 花子,hanako@yamada.example,03-1234-5678\n")
    page = client.get(f"/imports/{job.pk}/columns/").content.decode()
    assert re.search(r'value="fill"[^>]*checked', page)
    choices = {"system": "fair", "encoding": "utf-8", "known_leads": rule}
    choices |= {"field_0": "full_name", "field_1": "email", "field_2": "phone"}
    client.post(f"/imports/{job.pk}/columns/", choices)
    work_on_it()
    client.post(f"/imports/{job.pk}/run/")
    work_on_it()

    known.refresh_from_db()
    assert known.phone == phone
    page = client.get(f"/imports/{job.pk}/").content.decode()
    assert ("The newer one wins" if rule else "Fill what is blank here") in page


SALESFORCE = (
    "Lead ID,First Name,Last Name,Title,Company / Account,Email,Lead Source,Lead Status\n"
    "1,a,b,CEO,c,d@e.example,Web,Open\n"
)


def test_an_export_of_a_tool_is_recognised_and_the_columns_can_be_set_otherwise(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, SALESFORCE)
    page = client.get(f"/imports/{job.pk}/columns/").content.decode()
    assert "This looks like an export of Salesforce" in page
    assert 'value="Salesforce"' in page  # where the rows come from
    assert page.count('value="job_title" selected') == 1

    anew = {"encoding": "utf-8", "read_anew": "1", "like": "none"}
    page = client.post(f"/imports/{job.pk}/columns/", anew).content.decode()

    assert "This looks like" not in page


def set_up(client: Client, job: ImportJob, **more: str) -> None:
    choices = {"system": "fair", "encoding": "utf-8", "known_leads": "newer", "keep": ""}
    answer = client.post(f"/imports/{job.pk}/columns/", choices | more)
    assert answer.status_code == 302, answer.content.decode()


def test_a_saved_mapping_is_proposed_for_the_next_file_with_these_columns(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    text = "x,氏名,y\n1,田中,花子\n"
    set_up(client, bring(client, text), field_0="note", field_1="company", save_as="Monthly fair")
    assert "Monthly fair" in client.get("/imports/mappings/").content.decode()

    page = client.get(f"/imports/{bring(client, text).pk}/columns/").content.decode()
    other = client.get(f"/imports/{bring(client, 'x,氏名,z' + text[6:]).pk}/columns/").content.decode()

    assert "The columns are set as in “Monthly fair”" in page
    for chosen in ('value="note" selected', 'value="company" selected', 'value="fair"'):
        assert chosen in page
    assert re.search(r'value="newer"[^>]*checked', page)
    assert "The columns are set as in" not in other
    assert "Monthly fair" in other  # it fits, too, and may be chosen


def test_a_saved_mapping_is_replaced_under_its_name_and_can_be_dropped(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    for field in ("note", "company"):
        set_up(client, bring(client, "x,y\n1,2\n"), field_0=field, save_as="Fair")
    saved = SavedMapping.objects.get()
    assert saved.mapping["columns"] == {"x": {"field": "company"}}

    assert client.post(f"/imports/mappings/{saved.pk}/delete/").status_code == 302

    assert not SavedMapping.objects.exists()
    assert client.post(f"/imports/mappings/{saved.pk}/delete/").status_code == 404


def test_of_two_saved_mappings_the_one_used_last_is_proposed(signed_in: Browser, mai: User) -> None:
    client, text = signed_in(mai), "x,y\n1,2\n"
    for name in ("First", "Second"):
        set_up(client, bring(client, text), field_0="note", save_as=name)
    first = SavedMapping.objects.get(name="First")
    set_up(client, bring(client, text), field_0="note", like=f"saved:{first.pk}")

    page = client.get(f"/imports/{bring(client, text).pk}/columns/").content.decode()

    assert "The columns are set as in “First”" in page


PEOPLE = "番号,氏名,会社名,メールアドレス,電話,役職\n"


def bring_people(client: Client, rows: str) -> ImportJob:
    job = bring(client, PEOPLE + rows)
    named = {f"field_{n}": field for n, field in enumerate(("external_id", "full_name", "company", "email", "phone"))}
    set_up(client, job, **named, field_5="job_title", known_leads="fill", keep="on")
    work_on_it()
    return job


def test_the_check_shows_some_rows_of_every_outcome(signed_in: Browser, mai: User) -> None:
    factories.version_in_force({"condition": {"field": "email", "op": "is_present"}, "points": 5}, threshold=5)
    client = signed_in(mai)
    first = bring_people(
        client, "A1,田中 花子,山田製作所,hanako@yamada.example,,\nB1,佐藤 健,海商事,ken@umi.example,,\n"
    )
    client.post(f"/imports/{first.pk}/run/")
    work_on_it()
    hanako = Lead.objects.get(email="hanako@yamada.example")

    job = bring_people(
        client,
        "A1,田中 花子,山田製作所,hanako@yamada.example,,部長\n"
        "A2,鈴木,川商事,suzuki@kawa.example,,\n"
        "A3,高橋,川商事,,,\n"
        "A4,佐藤 健,海商事,ken@umi.example,,\n"
        "A5,佐藤 健,海商事,,,\n"
        "A6,,,,,\nA6,x,,,,\n",
    )
    page = client.get(f"/imports/{job.pk}/").content.decode()

    job.refresh_from_db()
    assert {name: [row["row"] for row in rows] for name, rows in job.examples.items()} == {
        "updated": [2],
        "qualified": [3],
        "new": [4, 7, 6],  # who resembles a row before it is dealt with after it
        "matched": [5],
        "suspected": [6],
    }
    for said in ("5 points, 5 are needed", "0 points, 5 are needed", "same e-mail address", "部長", "resembles"):
        assert said in page
    assert f'href="/leads/{hanako.pk}/"' in page
    assert Lead.objects.count() == 2


def test_of_each_outcome_few_rows_are_kept_and_all_are_counted(
    signed_in: Browser, mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 2)
    monkeypatch.setattr(work, "MOST_REMARKS", 3)
    client = signed_in(mai)

    job = bring_people(client, "".join(f"A{n},a{n},,no address,,\n" for n in range(7)))

    job.refresh_from_db()
    assert [row["row"] for row in job.examples["new"]] == [2, 3, 4, 5, 6]
    assert (job.counts["warned"], job.remarks.count()) == (7, 3)
    page = client.get(f"/imports/{job.pk}/").content.decode()
    assert "7 rows taken, with a remark" in page
    assert "in parts of at most 2" in page


def test_while_it_is_checked_the_page_counts_and_says_how_long_it_takes(
    signed_in: Browser, mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(mai)
    job = bring(client)
    client.post(f"/imports/{job.pk}/columns/", CHOICES)
    started = timezone.now() - timedelta(minutes=2)
    counts = {"rows": 10_000, "created": 9_000}
    ImportJob.objects.update(
        done_bytes=job.size // 3,
        done_rows=10_000,
        counts=counts,
        started_at=started,
        claimed_until=timezone.now() + ImportJob.LEASE,
    )

    part = client.get(f"/imports/{job.pk}/", headers=HTMX)

    said = part.content.decode()
    assert re.search("About [45] minutes left", said)
    assert "9,000" in said
    assert "brought_by" not in said  # a check has made nobody
    assert "<button" not in said.split("<noscript>")[0]  # what a person may press is not swapped away
    assert "HX-Retarget" not in part.headers


def test_a_page_that_is_left_open_stops_asking(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client)
    client.post(f"/imports/{job.pk}/columns/", CHOICES)

    soon, late, last = (
        client.get(f"/imports/{job.pk}/?asked={asked}", headers=HTMX).content.decode() for asked in (1, 200, 450)
    )

    assert "asked=2" in soon
    assert "delay:2s" in soon
    assert "delay:10s" in late
    assert "hx-get" not in last
    assert "Look again" in last


def test_what_came_of_it_takes_the_place_of_the_progress(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client)
    client.post(f"/imports/{job.pk}/columns/", CHOICES)
    work_on_it()

    assert client.get(f"/imports/{job.pk}/?asked=3", headers=HTMX)["HX-Retarget"] == "#import-job"


def test_examples_are_forgotten_with_the_file(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring_people(client, "A1,田中 花子,山田製作所,hanako@yamada.example,,\n")

    jobs.prune(now=timezone.now() + timedelta(days=8))

    job.refresh_from_db()
    assert job.examples == {}


def test_the_first_part_of_a_large_file_is_small_and_a_check_that_goes_on_counts_the_same(
    signed_in: Browser, mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGE_TO_CHECK", 10)
    monkeypatch.setattr(reading, "FIRST", 1)
    monkeypatch.setattr(reading, "PART", 8)
    seen = []
    monkeypatch.setattr(work, "failpoint", lambda _name: seen.append(ImportJob.objects.latest("pk").done_rows))

    job = bring_people(signed_in(mai), "".join(f"A{n},a{n},,a{n}@x.example,,\n" for n in range(20)))

    job.refresh_from_db()
    assert seen[:4] == [1, 5, 13, 20]
    assert (job.counts["rows"], job.counts["created"]) == (20, 20)


def test_what_is_done_of_a_file_is_what_its_parts_are_not_what_is_read_ahead(
    signed_in: Browser, mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 1000)
    seen = []
    monkeypatch.setattr(work, "failpoint", lambda _name: seen.append(ImportJob.objects.latest("pk").done_bytes))

    job = bring_people(signed_in(mai), "".join(f"A{n},{'a' * 90},,,,\n" for n in range(4000)))

    shares = [done / job.size for done in seen]
    assert shares == pytest.approx([0.25, 0.5, 0.75, 1], abs=0.05)


def test_one_broken_date_takes_the_days_of_the_others_from_nobody(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, TEXT + "A3,佐藤,,sato@works.example,2026/02/30\n")

    page = client.get(f"/imports/{job.pk}/columns/").content.decode()
    assert 'value="captured_at" selected' in page
    assert 'value="Y/M/D" selected' in page

    client.post(f"/imports/{job.pk}/columns/", CHOICES)
    work_on_it()
    job.refresh_from_db()
    assert (job.counts["created"], job.counts["refused"]) == (2, 1)
    assert "2026/02/30" in client.get(f"/imports/{job.pk}/").content.decode()


def test_who_brings_a_file_again_reads_when_and_from_where_it_was_brought(
    signed_in: Browser, mai: User, aoi: User
) -> None:
    client = signed_in(mai)
    first = bring(client)
    client.post(f"/imports/{first.pk}/columns/", CHOICES)
    work_on_it()
    assert "was brought already" not in client.get(f"/imports/{bring(client).pk}/columns/").content.decode()
    client.post(f"/imports/{first.pk}/run/")
    work_on_it()

    other = signed_in(aoi)
    page = other.get(f"/imports/{bring(other).pk}/columns/").content.decode()
    assert "This very file was brought already" in page
    assert f'href="/imports/{first.pk}/"' in page
    assert 'name="system" value="計測展2026"' in page
    page = other.get(f"/imports/{bring(other, TEXT + 'A3,佐藤,,,2026/01/07').pk}/columns/").content.decode()
    assert "This very file was brought already" not in page


def test_a_header_without_rows_is_said_to_be_one(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, HEADER)
    assert (
        client.post(f"/imports/{job.pk}/columns/", FIELDS | {"system": "Fair", "encoding": "utf-8"}).status_code == 302
    )
    work_on_it()

    page = client.get(f"/imports/{job.pk}/").content.decode()
    assert "There is no row below the names of the columns." in page
    assert "No row of this file is new" not in page


def test_columns_that_cannot_be_used_say_how_to_mend_them(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, "氏名,メール,メール,\n田中,a@x.example,b@x.example,c\n")
    page = client.get(f"/imports/{job.pk}/columns/").content.decode()

    assert page.count("Another column has this name too. Rename one in the file") == 2
    assert page.count("This column has no name. Give it one in the file") == 1


def test_where_no_column_of_a_sheet_is_chosen_the_other_sheets_are_named(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    job = bring(client, workbooks.xlsx(表紙=[["計測展"], ["2026年"]], 名簿=[["氏名"], ["田中"]]))

    answer = client.post(f"/imports/{job.pk}/columns/", {"system": "Fair", "sheet": "表紙", "sheet_was": "表紙"})

    assert answer.status_code == 422
    assert "Choose a field for at least one column, or another sheet: 名簿." in answer.content.decode()


def test_an_empty_file_says_what_to_do(signed_in: Browser, mai: User) -> None:
    answer = signed_in(mai).post("/imports/new/", {"kind": "leads", "file": file(b"")})

    assert "The file is empty. Choose the one that holds the table" in answer.content.decode()


def test_a_file_that_was_not_looked_at_has_no_numbers_in_the_list(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    bring(client)

    assert 'data-label="Rows"><span>–</span>' in client.get("/imports/").content.decode()
