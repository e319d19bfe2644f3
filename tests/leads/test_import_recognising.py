"""A file brings somebody who is here already, under another id or none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput
from leads.models import ExternalId, Lead, LeadEvent, SuspectedDuplicate
from leads.selectors.timeline import timeline
from leads.services import duplicates, merging
from leads.services.importing import ImportResult
from leads.services.leads import update_lead
from tests import factories
from tests.racing import while_uncommitted

pytestmark = pytest.mark.django_db

COLUMNS = {
    "id": "external_id",
    "name": "full_name",
    "mail": "email",
    "phone": "phone",
    "title": "job_title",
    "company": "company",
    "source": "source",
    "date": "captured_at",
}
HEADER = "id,name,mail,phone,title,company,source,date\n"


def fair(rule: str = "") -> dict[str, Any]:
    return {"system": "fair", "columns": COLUMNS} | ({"known_leads": rule} if rule else {})


def brought(take: Any, *rows: str, rule: str = "", system: str = "fair") -> ImportResult:
    result: ImportResult = take("leads", HEADER + "\n".join(rows) + "\n", fair(rule) | {"system": system})
    return result


@pytest.fixture
def taro(now: datetime) -> Lead:
    return factories.lead(
        full_name="Taro",
        email="taro@acme.example",
        phone="",
        job_title="Clerk",
        source="web",
        captured_at=now - timedelta(days=30),
    )


def facts(lead: Lead) -> tuple[str, ...]:
    lead.refresh_from_db()
    return lead.full_name, lead.phone, lead.job_title, lead.source


def test_what_is_blank_here_is_filled(take: Any, taro: Lead) -> None:
    result = brought(take, "F1,Taro,Taro@Acme.example,03-1234-5678,Head,,fair,")

    assert (result.created, result.updated, result.matched) == (0, 1, 1)
    assert facts(taro) == ("Taro", "+81312345678", "Clerk", "web")


def test_the_newer_one_wins_but_not_over_how_somebody_came_first(take: Any, taro: Lead) -> None:
    brought(take, "F1,Taro,taro@acme.example,03-1234-5678,Head,,fair,2026-03-30", rule="newer")

    assert facts(taro) == ("Taro", "+81312345678", "Head", "web")


def test_an_older_row_only_fills(take: Any, taro: Lead, mai: User, now: datetime) -> None:
    update_lead(lead_id=taro.pk, facts={"job_title": "Chief"}, seen=None, actor=mai, now=now)

    brought(take, "F1,Taro,taro@acme.example,03-1234-5678,Head,,fair,2026-01-01", rule="newer")

    assert facts(taro) == ("Taro", "+81312345678", "Chief", "web")


def test_never_means_nothing_but_the_id_is_known_from_then_on(take: Any, taro: Lead) -> None:
    result = brought(take, "F1,Taro,taro@acme.example,03-1234-5678,Head,,fair,", rule="never")

    assert (result.created, result.updated, result.unchanged, result.matched) == (0, 0, 1, 1)
    assert facts(taro) == ("Taro", "", "Clerk", "web")
    assert ExternalId.objects.get(source_system="fair", external_id="F1").lead == taro


@pytest.mark.parametrize("rule", ["fill", "newer", "never"])
def test_the_same_file_again_changes_nothing(rule: str, take: Any, taro: Lead) -> None:
    row = "F1,Taro,taro@acme.example,03-1234-5678,Head,,fair,2026-03-30"
    brought(take, row, rule=rule)
    before = facts(taro), LeadEvent.objects.count()

    again = brought(take, row, rule=rule)

    assert (again.created, again.updated, again.unchanged, again.matched) == (0, 0, 1, 0)
    assert (facts(taro), LeadEvent.objects.count()) == before


def test_known_by_its_id_a_lead_takes_what_a_later_file_says_otherwise(take: Any, taro: Lead) -> None:
    brought(take, "F1,Taro,taro@acme.example,03-1234-5678,Head,,fair,")

    brought(take, "F1,Taro,taro@acme.example,03-9999-5678,Chief,,fair,")

    assert facts(taro) == ("Taro", "+81399995678", "Clerk", "web")


def test_of_one_person_in_two_rows_nobody_is_said_to_have_changed_what_the_rows_differ_in(take: Any) -> None:
    rows = ("F1,Taro,taro@acme.example,,Clerk,,,2026-03-01", "F2,Taro,taro@acme.example,,Head,,,2026-03-04")
    brought(take, *rows)

    assert [remark.message for remark in brought(take, *rows).warnings] == []


def test_what_somebody_changed_here_is_still_said(take: Any, mai: User, now: datetime) -> None:
    brought(take, "F1,Taro,taro@acme.example,,Clerk,,,")
    update_lead(lead_id=Lead.objects.get().pk, facts={"job_title": "Head"}, seen=None, actor=mai, now=now)

    assert [remark.code for remark in brought(take, "F1,Taro,taro@acme.example,,Boss,,,").warnings] == ["changed_here"]


def test_the_story_says_why(take: Any, taro: Lead) -> None:
    brought(take, "F1,Taro,taro@acme.example,,,,,", rule="never")

    told = [f"{item.title} {item.text}" for item in timeline(taro)]
    assert any("Recognised" in text and "same e-mail address" in text for text in told)


def test_a_file_that_doubles_somebody_makes_one_lead(take: Any) -> None:
    result = brought(
        take,
        "F1,Taro,taro@acme.example,,,,,",
        "F2,Taro,taro@acme.example,03-1234-5678,,,,",
        "F3,,taro@acme.example,,Head,,,",
    )

    lead = Lead.objects.get()
    assert (result.created, result.updated, result.matched) == (1, 2, 2)
    assert (lead.external_id, lead.phone, lead.job_title) == ("F1", "+81312345678", "Head")


def test_one_person_in_hundreds_of_rows_is_one_lead_and_costs_no_round_for_each(take: Any) -> None:
    rows = [f"F{n},Taro,taro@acme.example,,Title {n},,," for n in range(300)]

    with CaptureQueriesContext(connection) as asked:
        result = brought(take, *rows)

    assert (result.created, result.matched) == (1, 299)
    assert Lead.objects.get().job_title == "Title 0"
    assert ExternalId.objects.count() == 299
    assert len(asked) < 600

    again = brought(take, *rows)
    assert (again.created, again.matched, again.rows) == (0, 0, 300)


def test_who_only_may_be_somebody_is_a_new_lead_on_the_list(take: Any) -> None:
    first = brought(take, "F1,Taro,taro@acme.example,,,Acme,,")

    second = brought(take, "B1,Taro,,,,Acme K.K.,,", system="booth")

    assert (first.suspected, second.created, second.suspected) == (0, 1, 1)
    pair = SuspectedDuplicate.objects.get()
    assert [pair.first.external_id, pair.second.external_id] == ["F1", "B1"]
    (warning,) = [remark for remark in second.warnings if remark.code == "suspected_duplicate"]
    assert "Taro" in warning.message
    assert "same name (+45) · same company (+20)" in warning.message


def test_a_dismissed_pair_is_not_suspected_again(take: Any, mai: User, now: datetime) -> None:
    brought(take, "F1,Taro,,,,Acme,,", "F2,Taro,t2@acme.example,,,Acme,,")
    duplicates.dismiss(suspicion_id=SuspectedDuplicate.objects.get().pk, actor=mai, now=now)

    duplicates.look(lead_ids=Lead.objects.values_list("pk", flat=True), now=now)

    assert SuspectedDuplicate.objects.get().dismissed_by == mai


def test_the_id_of_a_merged_lead_stands_for_its_survivor(take: Any, mai: User, now: datetime) -> None:
    brought(take, "F1,Taro,taro@acme.example,,,,,", "F2,Jiro,jiro@acme.example,,,,,")
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    merging.merge(lead_ids=ids, facts={}, actor=mai, now=now)

    result = brought(take, "F2,Jiro,jiro@acme.example,03-1234-5678,,,,")

    assert result.created == 0
    assert Lead.objects.get().phone == "+81312345678"


def test_two_ids_of_one_lead_in_one_file_both_count(take: Any, taro: Lead) -> None:
    brought(take, "F1,Taro,taro@acme.example,,,,,")
    brought(take, "F2,Taro,taro@acme.example,,,,,")

    result = brought(take, "F1,Taro,taro@acme.example,03-1234-5678,,,,", "F2,Taro,taro@acme.example,,,Acme,,")

    assert (result.rows, result.updated) == (2, 2)
    taro.refresh_from_db()
    assert (taro.phone, taro.company_name) == ("+81312345678", "Acme")


def test_a_rehearsal_says_the_same_and_leaves_nothing(take: Any, taro: Lead) -> None:
    rows = ("F1,Taro,taro@acme.example,03-1234-5678,,,,", "F2,New,,,,Acme,,", "F3,New,n@acme.example,,,Acme,,")
    text = HEADER + "\n".join(rows) + "\n"

    rehearsed = take("leads", text, fair(), dry_run=True)

    assert facts(taro)[1] == ""
    assert not ExternalId.objects.exists()
    assert not SuspectedDuplicate.objects.exists()
    assert take("leads", text, fair()).counts() == rehearsed.counts()


def test_an_unknown_rule_is_refused_with_its_place(take: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        brought(take, "F1,a,,,,,,", rule="always")

    assert refusal.value.field == "known_leads"


def test_deals_follow_the_further_id_of_a_lead(take: Any, taro: Lead) -> None:
    brought(take, "F1,Taro,taro@acme.example,,,,,")

    result = take(
        "deals", "no,lead\nD1,F1\n", {"system": "fair", "columns": {"no": "external_id", "lead": "lead_external_id"}}
    )

    assert result.created == 1
    assert taro.deals.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_lead_that_is_merged_meanwhile_is_looked_for_again(take: Any, mai: User, now: datetime) -> None:
    acme = factories.account("Acme", name_key="acme")
    older = factories.lead(full_name="Taro", email="old@acme.example", captured_at=now - timedelta(days=9))
    here = factories.lead(full_name="Taro", email="taro@acme.example", phone="", account=acme, captured_at=now)
    factories.lead(account=acme, captured_at=now)

    result = while_uncommitted(
        lambda: merging.merge(lead_ids=[older.pk, here.pk], facts={}, actor=mai, now=now),
        lambda: brought(take, "F1,Taro,taro@acme.example,03-1234-5678,,Acme,,"),
    )

    older.refresh_from_db()
    assert (result.created, result.matched, older.phone) == (0, 1, "+81312345678")  # type: ignore[attr-defined]
