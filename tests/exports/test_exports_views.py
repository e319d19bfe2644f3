"""Lists as files: what the page shows to this person, as it is filtered and sorted, and who took it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import InternalError, connection, transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from python_calamine import CalamineWorkbook

from alignment.accounts.models import Organisation, User
from alignment.exports import services
from alignment.exports.columns import Column, Listing, header, rows
from alignment.exports.models import Export
from alignment.kernel import tables
from alignment.kernel.sheets import Cell, Kind
from alignment.programs.models import Allowance
from leads.models import Account, CampaignCost, ImportedRow, ImportJob, Lead, SuspectedCompanies
from leads.rules import columns
from leads.rules.mappings import FIELDS
from leads.rules.merging import COMPANY_FACTS
from leads.rules.normalise import company_key
from leads.selectors.exports import DEAL_COLUMNS, LEAD_COLUMNS
from leads.services import company_merging
from leads.services.importing.engine import run_import
from reviews.kpis.registry import KPIS
from reviews.models import Action, Review
from tests import factories

SignedIn = Callable[[User], Client]


def csv_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.content
    text = answer.getvalue().decode("utf-8-sig")
    return [line.split(",") for line in text.splitlines()]


def names(answer: Any, column: str = "Name") -> list[str]:
    head, *body = csv_of(answer)
    return [row[head.index(column)] for row in body]


def address(name: str = "leads:export", *args: Any, kind: str = "csv", query: str = "") -> str:
    return reverse(name, args=[*args, kind]) + query


def test_a_list_leaves_with_the_filters_and_the_order_of_its_page(signed_in: SignedIn, mai: User):
    for name, source in (("Beni", "web"), ("Aki", "web"), ("Chiyo", "fair")):
        factories.lead(full_name=name, full_name_kana=name, source=source)
    client, query = signed_in(mai), "?source=web&sort=name&page=7"

    assert names(client.get(address(query=query))) == ["Aki", "Beni"]
    assert names(client.get(address(query="?sort=name"))) == ["Aki", "Beni", "Chiyo"]

    page = client.get(reverse("leads:list") + query).content.decode()
    links = re.findall(r'href="(/leads/export/[^"]+)"', page)
    assert "2 rows" in page
    assert links == [f"/leads/export/{kind}/?source=web&amp;sort=name" for kind in ("xlsx", "csv", "csv-shift-jis")]


def test_a_search_by_htmx_brings_the_links_along(signed_in: SignedIn, mai: User):
    factories.lead(full_name="Aki")

    part = signed_in(mai).get(reverse("leads:list") + "?q=Aki", headers={"HX-Request": "true"}).content.decode()

    assert "/leads/export/xlsx/?q=Aki" in part


def test_an_empty_list_offers_no_file(signed_in: SignedIn, mai: User):
    assert "/leads/export/" not in signed_in(mai).get(reverse("leads:list")).content.decode()


def test_a_page_with_filters_of_its_own_gives_them_to_its_links(signed_in: SignedIn, mai: User):
    account = factories.account("Acme")
    factories.lead(full_name="Aki", account=account)
    factories.lead(full_name="Beni")
    client = signed_in(mai)

    page = client.get(reverse("leads:account-detail", args=[account.pk])).content.decode()

    assert f"/leads/export/csv/?account={account.pk}" in page
    assert names(client.get(address(query=f"?account={account.pk}"))) == ["Aki"]


def test_deals_are_those_that_the_page_shows_to_this_person(signed_in: SignedIn, ren: User, sora: User):
    factories.deal(name="Mine", owner=ren)
    factories.deal(name="Theirs", owner=sora)
    factories.deal(name="Won", owner=ren, won_at=timezone.now())

    assert names(signed_in(ren).get(address("leads:deal-export")), "Name of the deal") == ["Mine"]
    assert names(signed_in(sora).get(address("leads:deal-export")), "Name of the deal") == ["Mine", "Theirs"]
    assert names(signed_in(ren).get(address("leads:deal-export", query="?state=won")), "Name of the deal") == ["Won"]


def test_companies_and_campaigns_have_what_their_pages_count(signed_in: SignedIn, mai: User):
    acme, fair = factories.account("Acme", is_key_account=True), factories.campaign("Fair")
    CampaignCost.objects.create(campaign=fair, month=date(2026, 1, 1), amount=1000)
    CampaignCost.objects.create(campaign=fair, amount=500)
    factories.account("Other")
    for _number in range(2):
        factories.lead(account=acme, campaign=fair)
    factories.deal(account=acme, won_at=timezone.now())
    client = signed_in(mai)

    assert csv_of(client.get(address("leads:account-export", query="?key=1")))[1:] == [
        ["Acme", *[""] * 7, "TRUE", "2", "1"]
    ]
    assert csv_of(client.get(address("leads:campaign-export", query="?q=fair")))[1:] == [
        ["Fair", "web", "", "", "", "2", "0", "1500"]
    ]


def test_suspected_companies_leave_with_what_tells_them_apart(signed_in: SignedIn, mai: User):
    pair = factories.suspected_companies()
    factories.suspected_companies()
    Account.objects.filter(pk=pair.first_id).update(name="Acme", corporate_number="4011001098993", industry="Steel")
    SuspectedCompanies.objects.exclude(pk=pair.pk).update(dismissed_at=timezone.now())
    client = signed_in(mai)

    page = client.get(reverse("leads:company-duplicate-list")).text
    (row,) = csv_of(client.get(address("leads:company-duplicate-export")))[1:]

    assert address("leads:company-duplicate-export") in page
    assert row == ["Acme", "4011001098993", "Steel", pair.second.name, "", "", "same e-mail domain (+50)", "50"]
    assert Export.objects.get().asked == {}


def test_handoffs_leave_with_the_words_of_the_reader(signed_in: SignedIn, mai: User, ren: User):
    factories.handoff(offered_to=ren, status="rejected")
    factories.handoff(offered_to=ren)
    query = "?status=rejected"

    assert names(signed_in(mai).get(address("handoff:export", query=query)), "Reason") == ["Too early"]
    User.objects.filter(pk=mai.pk).update(language="ja")
    (row,) = csv_of(signed_in(mai).get(address("handoff:export", query=query)))[1:]
    assert "時期尚早" in row


def test_the_inbox_leaves_whole_and_only_to_whom_it_belongs(signed_in: SignedIn, ren: User, rei: User, mai: User):
    for _number in range(60):
        factories.handoff(offered_to=ren)

    assert len(csv_of(signed_in(ren).get(address("handoff:inbox-export")))) == 61
    assert len(csv_of(signed_in(rei).get(address("handoff:inbox-export")))) == 1
    assert signed_in(mai).get(address("handoff:inbox-export")).status_code == 403
    assert Export.objects.count() == 2


def test_the_records_behind_a_figure_are_as_many_as_it_says(signed_in: SignedIn, mai: User):
    for day in (2, 3):
        factories.qualified_lead(captured_at=datetime(2026, 3, day, tzinfo=UTC))
    factories.qualified_lead(captured_at=datetime(2026, 4, 2, tzinfo=UTC))
    query = "?from=2026-03-01&to=2026-04-01"

    assert len(csv_of(signed_in(mai).get(address("reviews:kpi-rows-export", "leads", query=query)))) == 3
    assert Export.objects.get().asked == {"key": ["leads"], "from": ["2026-03-01"], "to": ["2026-04-01"]}


def test_the_records_of_every_figure_leave(signed_in: SignedIn, mai: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "PER_MINUTE", 1000)
    client = signed_in(mai)
    asked = [(kpi.key, part.value, basis) for kpi in KPIS for part in kpi.parts for basis in ("period", "cohort")]

    answers = [
        client.get(address("reviews:kpi-rows-export", key, query=f"?part={part}&basis={basis}"))
        for key, part, basis in asked
    ]

    assert len(answers) > 20
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("query", ["?from=tomorrow", "?basis=x", "?last=2026-01-01"])
def test_a_figure_of_dates_that_cannot_be_read_is_no_file(signed_in: SignedIn, mai: User, query: str):
    assert signed_in(mai).get(address("reviews:kpi-rows-export", "leads", query=query)).status_code == 400
    assert not Export.objects.exists()


def test_the_actions_of_a_review_leave_with_those_carried_over(signed_in: SignedIn, everything: Any, mai: User):
    found = csv_of(signed_in(mai).get(address("reviews:action-export", everything.review.pk)))

    assert [row[0] for row in found[1:]] == ["Call sooner"]


# -- the files --------------------------------------------------------------------------------------------


def test_a_workbook_has_typed_cells_in_the_zone_of_the_organisation(signed_in: SignedIn, mai: User):
    User.objects.filter(pk=mai.pk).update(time_zone="America/New_York")
    at = datetime(2026, 3, 31, 16, 5, tzinfo=UTC)
    factories.deal(name="=1+1", amount=Decimal("1200000.00"), opened_at=at, expected_on=date(2026, 5, 1))

    answer = signed_in(mai).get(address("leads:deal-export", kind="xlsx"))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.getvalue())).get_sheet_by_index(0)
    head, row = sheet.to_python()

    found = dict(zip(head, row, strict=True))
    assert sheet.name == "Deals"
    assert found["Name of the deal"] == "=1+1"
    assert found["Amount"] == 1_200_000
    assert str(found["Opened on"]) == "2026-04-01 01:05:00"
    assert found["Expected on"] == date(2026, 5, 1)


def test_whoever_lives_elsewhere_is_told_whose_times_these_are(signed_in: SignedIn, mai: User):
    factories.lead()
    told = "Times are those of Asia/Tokyo."

    assert told not in signed_in(mai).get(reverse("leads:list")).content.decode()
    User.objects.filter(pk=mai.pk).update(time_zone="America/New_York")
    assert told in signed_in(mai).get(reverse("leads:list")).content.decode()


def test_a_file_is_named_after_list_and_day_in_the_language_of_the_reader(signed_in: SignedIn, mai: User):
    today = timezone.localdate(timezone=Organisation.get().zone)

    english = signed_in(mai).get(address(kind="xlsx"))
    User.objects.filter(pk=mai.pk).update(language="ja")
    japanese = signed_in(mai).get(address())

    assert english["Content-Disposition"] == f'attachment; filename="Leads_{today}.xlsx"'
    assert unquote(japanese["Content-Disposition"]).endswith(f"''リード_{today}.csv")
    assert english["Cache-Control"] == "no-store"
    assert int(english["Content-Length"]) == len(english.getvalue())


def test_another_kind_of_file_does_not_exist(signed_in: SignedIn, mai: User):
    assert signed_in(mai).get(address(kind="pdf")).status_code == 404
    assert not Export.objects.exists()


def test_what_shift_jis_does_not_hold_is_told_with_ways_out(signed_in: SignedIn, mai: User):
    factories.lead(full_name="𠮷野", source="web")
    factories.lead(full_name="吉野", source="fair")
    client = signed_in(mai)

    refused = client.get(address(kind="csv-shift-jis", query="?source=web"))
    page = refused.content.decode()

    assert refused.status_code == 422
    assert "𠮷" in page
    assert "U+20BB7" in page
    assert address(query="?source=web") in page
    assert address(kind="xlsx", query="?source=web") in page
    assert not Export.objects.exists()
    taken = client.get(address(kind="csv-shift-jis", query="?source=fair"))
    assert "吉野" in taken.getvalue().decode("cp932")


def test_the_fields_that_admins_made_are_columns_too(signed_in: SignedIn, mai: User):
    factories.custom_field("budget", "number", label_en="Budget")
    factories.custom_field("signed_on", "date", label_en="Signed")
    factories.custom_field("retired", "text", label_en="Long gone", retired_at=datetime(2026, 1, 1, tzinfo=UTC))
    factories.lead(custom={"budget": 1200, "signed_on": "2026-04-01"})
    factories.lead()

    text = signed_in(mai).get(address()).getvalue().decode("utf-8-sig")

    names, *rows = csv.reader(io.StringIO(text, newline=""))
    assert names[-2:] == ["Budget", "Signed"]
    assert sorted(row[-2:] for row in rows) == [["", ""], ["1200", "2026-04-01"]]


# -- back again ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(("kind", "listed"), [("leads", LEAD_COLUMNS), ("deals", DEAL_COLUMNS)])
def test_an_import_takes_each_column_of_an_export_for_what_it_is(language: str, kind: str, listed: list[Column]):
    with translation.override(language):
        names = header(listed)
        values = ["2026-04-01 10:00:00" if str(column.source).endswith(("_at", "_on")) else "x" for column in listed]
        proposed = [one.field for one in columns.propose(names, [values], kind=kind)]

    ours = {id(label): field for field, label in columns.LABELS.items() if field in FIELDS[kind]}
    assert proposed == [ours.get(id(column.label), "") for column in listed]


@pytest.mark.parametrize("kind", list(Kind))
def test_what_leaves_as_a_file_comes_back_by_an_import(signed_in: SignedIn, mai: User, kind: Kind):
    given = {"full_name": "-高橋 @太郎", "phone": "+81312345678", "note": '=1+1, "so"\n次の行', "source": "web"}
    at = datetime(2026, 3, 31, 16, 5, tzinfo=UTC)
    account = factories.account("株式会社ABC", name_key=company_key("株式会社ABC"), employee_count=1200)
    campaign = factories.campaign("春の展示会")
    one = factories.lead(**given, captured_at=at, account=account, company_name=account.name, campaign=campaign)
    content = signed_in(mai).get(address(kind=kind.value)).getvalue()
    Lead.objects.update(full_name="Somebody else", email="", phone="")  # or the import recognises them

    result = _imported("leads", content, f"leads.{kind.extension}", mai)

    assert (result.created, result.refused) == (1, [])
    again = Lead.objects.get(source_system="again")
    facts = ("full_name", "phone", "email", "note", "source", "captured_at", "account", "campaign", "company_name")
    assert {name: getattr(again, name) for name in facts} == {name: getattr(one, name) for name in facts}


@pytest.mark.parametrize("kind", list(Kind))
def test_an_export_of_companies_imported_again_changes_nothing_and_makes_them_where_they_are_not(
    signed_in: SignedIn, mai: User, kind: Kind
):
    group = factories.account("Zグループ", name_key="zグループ", is_key_account=True)
    facts = {"industry": "=鉄鋼", "employee_count": 0, "corporate_number": "4011001098993", "parent": group}
    place = {"postal_code": "060-0001", "prefecture": "北海道", "address": "札幌市中央区1-1"}
    for name in ("株式会社ABC", "さくら株式会社"):
        factories.account(name, name_key=company_key(name), **facts, **place)
    joined = factories.account("Renamed", name_key="renamed")
    company_merging.merge(pair=[group.pk, joined.pk], facts={"name": joined.pk}, actor=mai, now=timezone.now())
    before, named = list(Account.everything.order_by("pk").values()), list(_named_companies())
    content = signed_in(mai).get(address("leads:account-export", kind=kind.value)).getvalue()

    result = _imported("accounts", content, f"companies.{kind.extension}", mai)

    assert (result.unchanged, result.updated, result.refused, result.warnings) == (3, 0, [], [])
    assert list(Account.everything.order_by("pk").values()) == before
    ImportedRow.objects.all().delete()
    Account.everything.update(name_key=Concat(Value("gone"), Cast("pk", CharField())))  # as if nobody knew them
    assert _imported("accounts", content, f"companies.{kind.extension}", mai).created == 3
    assert list(_named_companies(after=joined.pk)) == named


def _named_companies(*, after: int = 0) -> Iterator[dict[str, Any]]:
    """All that is known of companies, but for when they came and how they are found."""
    for row in (
        Account.objects.filter(pk__gt=after).order_by("name").values(*COMPANY_FACTS, "is_key_account", "parent__name")
    ):
        yield dict(row)


def _imported(kind: str, content: bytes, file_name: str, actor: User) -> Any:
    """What comes of an import when nobody corrects what it proposes."""
    understanding = tables.understand(io.BytesIO(content), file_name=file_name)
    numbered = list(tables.rows(io.BytesIO(content), tables.settled(understanding)))
    (_one, names), *body = numbered
    values = [cells for _number, cells in body]
    proposed = [one for one in columns.propose(names, values, kind=kind) if one.field]
    mapping = {"system": "again", "columns": {one.header: {"field": one.field, "format": one.form} for one in proposed}}
    return run_import(
        kind=kind, file=io.BytesIO(content), file_name=file_name, mapping=mapping, actor=actor, now=timezone.now()
    )


# -- who took what --------------------------------------------------------------------------------------------


def test_who_took_what_is_noted_and_stays(signed_in: SignedIn, mai: User):
    factories.lead(full_name="Aki", source="web")

    signed_in(mai).get(address(kind="xlsx", query="?source=web&q=&page=2"))

    noted = Export.objects.get()
    assert (noted.actor, noted.listing, noted.kind, noted.row_count) == (mai, "leads:export", "xlsx", 1)
    assert noted.asked == {"source": ["web"]}
    for change in (Export.objects.update, Export.objects.all().delete):
        with pytest.raises(InternalError), transaction.atomic():
            change(**({"row_count": 0} if change == Export.objects.update else {}))


def test_admins_see_who_took_what_and_others_do_not(signed_in: SignedIn, mai: User, kei: User, sora: User):
    factories.lead(full_name="Aki", source="web")
    signed_in(mai).get(address(query="?source=web"))
    signed_in(sora).get(address("leads:deal-export"))
    admin, listing = signed_in(kei), reverse("exports:list")

    page = admin.get(listing).content.decode()
    assert "Mai" in page
    assert "source=web" in page
    assert "Sora" in page
    narrowed = admin.get(f"{listing}?actor={mai.pk}&listing=leads:export&since=2026-01-01").content.decode()
    assert "sora@example.com" not in narrowed
    assert "mai@example.com" in narrowed
    assert "Nothing fits" in admin.get(f"{listing}?until=2020-01-01").content.decode()
    for person in (mai, sora):
        assert signed_in(person).get(listing).status_code == 403
        assert signed_in(person).get(address("exports:export")).status_code == 403
    assert len(csv_of(admin.get(address("exports:export")))) == 3


def test_the_refused_rows_of_an_import_are_noted_too(signed_in: SignedIn, everything: Any, mai: User):
    job = everything.job
    job.remarks.create(row=2, is_refusal=True, code="nobody", message="Nobody.", cells=["=1"])

    answer = signed_in(mai).get(reverse("leads:import-refused", args=[job.pk]))

    assert csv_of(answer)[1] == ["2: Nobody.", "'=1"]
    assert (Export.objects.get().listing, Export.objects.get().row_count) == ("leads:import-refused", 1)


def test_files_are_bounded_by_the_minute_and_the_person(signed_in: SignedIn, mai: User, aoi: User):
    client = signed_in(mai)

    answers = [client.get(address()) for _time in range(services.PER_MINUTE + 1)]

    assert [answer.status_code for answer in answers] == [200] * services.PER_MINUTE + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert Export.objects.count() == services.PER_MINUTE
    assert signed_in(aoi).get(address()).status_code == 200
    Allowance.objects.update(spent_until=timezone.now() - timedelta(minutes=1))
    assert client.get(address()).status_code == 200


def test_a_large_list_counts_as_many(signed_in: SignedIn, mai: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "_ROWS_OF_ONE", 1)
    for _number in range(15):
        factories.lead()
    client = signed_in(mai)

    assert [client.get(address()).status_code for _time in range(2)] == [200, 429]


# -- what it costs ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """A list, and what makes one more row of it."""

    name: str
    make: Callable[[], object]
    args: tuple[object, ...] = ()
    query: str = ""


def _import() -> None:
    brought = {"kind": "leads", "file_name": "f", "sha256": "", "at": timezone.now(), "counts": {"rows": 3}}
    ImportJob.objects.create(actor=factories.user(), **brought)


def _full_lead() -> Lead:
    return factories.qualified_lead(campaign=factories.campaign(), owner=factories.user())


def _action() -> None:
    at = timezone.now()
    review = Review.objects.first() or Review.objects.create(
        series=factories.review_series(), starts_on=date(2026, 3, 1), ends_on=date(2026, 4, 1), due_at=at, built_at=at
    )
    owner = factories.user()
    fields = {"title": "Call", "due_on": date(2026, 5, 1), "created_by": owner, "created_at": at}
    Action.objects.create(review=review, owner=owner, **fields)


def _export() -> None:
    taken = {"at": timezone.now(), "listing": "leads:export", "kind": "csv", "row_count": 1}
    Export.objects.create(actor=factories.user(), **taken)


TAKEN = [
    Taken("leads:export", _full_lead),
    Taken("leads:deal-export", lambda: factories.deal(lead=_full_lead(), account=factories.account())),
    Taken("leads:campaign-export", factories.campaign),
    Taken("leads:account-export", factories.account),
    Taken("leads:duplicate-export", factories.suspected_pair),
    Taken("leads:company-duplicate-export", factories.suspected_companies),
    Taken("leads:import-export", _import),
    Taken("handoff:export", factories.handoff),
    Taken("handoff:inbox-export", factories.handoff),
    Taken("handoff:waiting-export", _full_lead),
    Taken("reviews:kpi-rows-export", _full_lead, ("leads",), "?from=2026-01-01&to=2026-06-01"),
    Taken("exports:people", factories.user),
    Taken("exports:export", _export),
]


@pytest.mark.parametrize("taken", TAKEN, ids=lambda taken: taken.name)
def test_a_file_costs_the_same_queries_for_one_row_and_for_many(
    signed_in: SignedIn, sora: User, kei: User, taken: Taken
):
    client = signed_in(sora if taken.name == "handoff:inbox-export" else kei)
    taken.make()
    asked = address(taken.name, *taken.args, query=taken.query)
    client.get(asked)
    with CaptureQueriesContext(connection) as one:
        assert client.get(asked).status_code == 200
    for _number in range(40):
        taken.make()

    with CaptureQueriesContext(connection) as many:
        assert len(csv_of(client.get(asked))) > 40

    assert len(many) <= len(one), [query["sql"][:150] for query in many.captured_queries]


def test_rows_come_by_a_cursor_of_the_server_that_holds_no_copy(db: None) -> None:
    for _number in range(3):
        factories.lead()

    with transaction.atomic(), connection.cursor() as cursor:
        found = rows(Lead.objects.order_by("pk"), LEAD_COLUMNS)
        first = next(found)
        cursor.execute("SELECT statement ILIKE %s, is_holdable FROM pg_cursors", ["%leads_lead%"])

        assert first
        assert cursor.fetchall() == [(True, False)]


def test_a_list_that_breaks_off_is_neither_a_file_nor_noted(mai: User) -> None:
    def broken() -> Iterator[list[Cell]]:
        yield ["Aki"]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        services.export(
            listing=Listing.KNOWN["leads:export"],
            asked={},
            kind=Kind.CSV,
            header=["Name"],
            rows=broken(),
            count=2,
            actor=mai,
            now=timezone.now(),
        )

    assert not Export.objects.exists()


def test_every_list_that_can_be_taken_is_tried() -> None:
    apart = {"leads:import-refused", "reviews:action-export"}

    assert {taken.name for taken in TAKEN} | apart == set(Listing.KNOWN)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_our_own_words_exist_in_shift_jis(language: str, signed_in: SignedIn, mai: User):
    pair = factories.suspected_pair()
    pair.evidence += [["other_email", -20]]
    pair.save()
    mai.language = language
    mai.save()

    assert signed_in(mai).get(address("leads:duplicate-export", kind="csv-shift-jis")).status_code == 200
