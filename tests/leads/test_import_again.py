"""A later file meets what the first one brought, and what people did here since."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignment.accounts.models import User
from leads.models import Account, Campaign, Deal, DealEvent, ImportJob, Lead, LeadEvent
from leads.rules.stages import Stage
from leads.selectors.timeline import deal_event_text, timeline
from leads.services import deals as live_deals
from leads.services.accounts import update_account
from leads.services.capture import LeadData, capture_lead
from leads.services.importing import ImportResult
from leads.services.leads import ChangedMeanwhile, update_lead
from tests import factories
from tests.conftest import TOKYO

LEADS = {
    "system": "crm",
    "columns": {
        "id": "external_id",
        "name": "full_name",
        "company": "company",
        "campaign": "campaign",
        "industry": "industry",
        "qualified": "qualified_at",
    },
    "unmapped": "keep",
}
DEALS = {
    "system": "crm",
    "columns": {
        "no": "external_id",
        "lead": "lead_external_id",
        "account": "account",
        "who": "owner",
        "opened": "opened_at",
        "won": "won_at",
        "lost": "lost_at",
        "expected": "expected_at",
        "value": "amount",
    },
    "unmapped": "keep",
}
LEAD_HEADER = "id,name,company,campaign,industry,qualified\n"
DEAL_HEADER = "no,lead,account,who,opened,won,lost,expected,value\n"
A_LEAD = LEAD_HEADER + "A1,Jhon,One,Fair,Steel,\n"
A_DEAL = DEAL_HEADER + "D1,,One,Ren,2026-01-05,,,2026-05-01,100\n"


def correct(mai: User, at: datetime, **facts: Any) -> Lead:
    """What a person changes on the lead's page."""
    return update_lead(lead_id=Lead.objects.get().pk, facts=facts, seen=None, actor=mai, now=at)


def codes(result: ImportResult) -> list[str]:
    return [remark.code for remark in result.warnings]


def state() -> list[Any]:
    models = (Lead, Deal, LeadEvent, DealEvent, Account, Campaign, User)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_the_same_file_after_a_correction_by_hand_changes_nothing(take: Any, mai: User, now: datetime) -> None:
    take("leads", A_LEAD, LEADS)
    correct(mai, now, full_name="John", company_name="Two", campaign=factories.campaign("Spring"))
    before = state()

    again = take("leads", A_LEAD, LEADS)

    assert state() == before
    assert (again.updated, again.unchanged) == (0, 1)
    assert codes(again) == ["changed_here"] * 3
    assert "“John”" in again.warnings[0].message
    assert "“Jhon”" in again.warnings[0].message


def test_what_a_person_has_emptied_stays_empty(take: Any, mai: User, now: datetime) -> None:
    take("leads", A_LEAD, LEADS)
    account = Account.objects.get()
    facts = {"industry": "", "prefecture": "", "employee_count": None, "is_key_account": False}
    update_account(account_id=account.pk, actor=mai, now=now, **facts)
    correct(mai, now, campaign=None)

    take("leads", A_LEAD, LEADS)

    assert Lead.objects.get().campaign is None
    assert Account.objects.get().industry == ""


def test_a_renamed_campaign_and_person_are_not_made_again(take: Any, ren: User) -> None:
    take("leads", A_LEAD, LEADS)
    take("deals", A_DEAL, DEALS)
    Campaign.objects.update(name="Fair 2026")
    User.objects.filter(pk=ren.pk).update(full_name="Ren Takahashi")
    before = state()

    take("leads", A_LEAD, LEADS)
    take("deals", A_DEAL, DEALS)

    assert state() == before


def test_a_later_file_corrects_what_nobody_touched(take: Any, mai: User, now: datetime) -> None:
    take("leads", A_LEAD, LEADS)
    correct(mai, now, full_name="John")

    result = take("leads", LEAD_HEADER + "A1,Johnny,Two,Fair,Steel,\n", LEADS)

    lead = Lead.objects.get()
    assert (lead.full_name, lead.company_name, lead.account.name) == ("John", "Two", "Two")
    assert (result.updated, codes(result)) == (1, ["changed_here"])


def test_an_import_is_told_to_timeline_and_open_forms_in_words(take: Any, mai: User, now: datetime) -> None:
    take("leads", A_LEAD, LEADS)
    opened = Lead.objects.get()
    later = now + timedelta(minutes=5)

    take("leads", LEAD_HEADER + "A1,,,Spring,,\n", LEADS, now=later)

    assert LeadEvent.objects.get(kind="updated").data["changes"] == {"campaign": ["Fair", "Spring"]}
    assert "Campaign: Fair → Spring" in timeline(opened, kind="changes")[0].text
    with pytest.raises(ChangedMeanwhile):
        update_lead(
            lead_id=opened.pk,
            facts={"campaign": factories.campaign("Autumn")},
            seen=opened.updated_at,
            actor=mai,
            now=later,
        )


def test_a_changed_deal_says_owner_company_and_lead_by_name(take: Any, ren: User, riku: User) -> None:
    take("leads", LEAD_HEADER + "A1,John,,,,2026-01-01\n", LEADS)
    take("deals", A_DEAL, DEALS)

    take("deals", DEAL_HEADER + "D1,A1,Two,Riku,2026-01-06,,,2026-06-01,\n", DEALS)

    event = DealEvent.objects.get(kind="changed")
    names = {name: event.data["changes"][name] for name in ("lead", "account", "owner")}
    assert names == {"lead": [None, "John"], "account": ["One", "Two"], "owner": ["Ren", "Riku"]}
    with translation.override("en"), timezone.override(TOKYO):
        text = deal_event_text(event, currency="JPY").splitlines()
    assert {"Lead: not known → John", "Company: One → Two", "Owner: Ren → Riku"} <= set(text)
    assert "Opened: Jan 5, 2026 (Mon) 00:00 → Jan 6, 2026 (Tue) 00:00" in text
    assert "Expected on: May 1, 2026 (Fri) → Jun 1, 2026 (Mon)" in text


def test_custom_fields_of_two_files_are_kept_together(take: Any) -> None:
    take("leads", "id,name,booth,mood\nA1,a,7,good\n", LEADS | {"columns": {"id": "external_id", "name": "full_name"}})

    take(
        "leads", "id,name,colour,booth\nA1,a,blue,8\n", LEADS | {"columns": {"id": "external_id", "name": "full_name"}}
    )

    assert Lead.objects.get().custom == {"booth": "8", "mood": "good", "colour": "blue"}
    told = timeline(Lead.objects.get(), kind="changes")[0].text
    assert set(told.splitlines()) == {"colour: not known → blue", "booth: 7 → 8"}


def test_a_lead_that_a_later_file_calls_qualified_has_its_event(take: Any) -> None:
    take("leads", A_LEAD, LEADS)

    take("leads", LEAD_HEADER + "A1,,,,,2026-01-15\n", LEADS)

    event = LeadEvent.objects.get(kind="qualified")
    lead = Lead.objects.get()
    assert lead.stage == Stage.PAST
    assert (event.old_stage, event.new_stage, event.at) == (Stage.CAPTURED, Stage.PAST, lead.qualified_at)


def test_a_qualification_that_happened_here_stays(take: Any) -> None:
    factories.version_in_force({"condition": {"field": "company", "op": "contains", "value": "One"}, "points": 10})
    take("leads", A_LEAD, LEADS)
    before = Lead.objects.get()

    result = take("leads", LEAD_HEADER + "A1,,,,,2025-01-15\n", LEADS)

    after = Lead.objects.get()
    assert (after.qualified_at, after.stage) == (before.qualified_at, Stage.QUALIFIED)
    assert codes(result) == ["changed_here"]


def test_a_lead_that_another_program_sent_keeps_what_a_person_corrected(take: Any, mai: User, now: datetime) -> None:
    data = LeadData(full_name="Jhon", source_system="crm", external_id="A1")
    capture_lead(data=data, actor=mai, now=now)
    correct(mai, now, full_name="John")

    result = take("leads", A_LEAD, LEADS)

    lead = Lead.objects.get()
    assert (lead.full_name, lead.company_name) == ("John", "One")  # blanks are filled
    assert codes(result) == ["changed_here"]


def test_a_moment_said_less_exactly_is_nothing_new(take: Any) -> None:
    take(
        "deals",
        "no,won,x\nD1,2026-01-05 10:20:30,0.0\nD2,2026-01-05 10:20:30,1.50\n",
        DEALS | {"columns": {"no": "external_id", "won": "won_at"}},
    )

    again = take(
        "deals",
        "no,won,x\nD1,2026-01-05 10:20,0\nD2,2026-01-05,1.5\n",
        DEALS | {"columns": {"no": "external_id", "won": "won_at"}},
    )

    assert (again.updated, again.unchanged) == (0, 2)


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=9) | st.sampled_from(
    [
        "",
        "2026-01-05",
        "2025-12-31T10:20:30",
        "0001-01-01",
        "1,200",
        "1.234,56",
        "100.005",
        "1e99",
        "Ren",
        "ren@EXAMPLE.com",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(st.lists(anything, min_size=1, max_size=10), max_size=5), min_size=2, max_size=3))
def test_whatever_stands_in_files_of_deals_every_row_is_counted_and_the_last_one_again_changes_nothing(
    take: Any, ren: User, files: list[list[list[str]]]
) -> None:
    mapping = DEALS | {"system": f"run{ImportJob.objects.count()}"}
    texts = []
    for table in files:
        numbered = [[str(number % 3), "", *row] for number, row in enumerate(table)]  # ids meet again within a file
        out = io.StringIO(newline="")
        csv.writer(out).writerows([DEAL_HEADER.strip().split(","), *numbered])
        texts.append(out.getvalue())

    results = [take("deals", text, mapping) for text in texts]
    before = state()
    again = take("deals", texts[-1], mapping)

    for result in (*results, again):
        assert result.created + result.updated + result.unchanged + len(result.refused) == result.rows
    assert Deal.objects.filter(source_system=mapping["system"]).count() == sum(result.created for result in results)
    assert (again.created, again.updated) == (0, 0)
    assert state() == before


def test_a_deal_that_a_person_won_stays_as_it_was_won(take: Any, ren: User, now: datetime) -> None:
    take("deals", A_DEAL, DEALS)
    won = live_deals.win_deal(deal_id=Deal.objects.get().pk, reason="trust", amount=Decimal(90), actor=ren, now=now)
    before = state()

    same = take("deals", A_DEAL, DEALS)
    later = take("deals", DEAL_HEADER + "D1,,Two,Riku,,2026-03-01,,,120\n", DEALS)

    deal = Deal.objects.get()
    assert (deal.amount, deal.won_at, deal.account.name) == (Decimal(90), won.won_at, "One")
    assert state() == before
    assert [(r.updated, r.unchanged, codes(r)) for r in (same, later)] == [(0, 1, ["closed_here"])] * 2


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_deal_lost_here_and_won_in_a_later_file_is_refused(
    take: Any, ren: User, now: datetime, by_hand: bool
) -> None:
    take("deals", A_DEAL, DEALS)
    if by_hand:
        live_deals.lose_deal(deal_id=Deal.objects.get().pk, reason="price", comment="", actor=ren, now=now)
    else:
        take("deals", DEAL_HEADER + "D1,,,,,,2026-03-01,,\n", DEALS)

    result = take("deals", DEAL_HEADER + "D1,,,,,2026-03-02,,,\nD2,,,,,2026-03-02,,,\n", DEALS)

    assert [remark.code for remark, _cells in result.refused] == ["lost_already"]
    assert "2026" in result.refused[0][0].message
    assert (result.created, result.unchanged) == (1, 0)
    assert Deal.objects.get(external_id="D1").won_at is None


def test_a_deal_won_here_and_lost_in_a_later_file_is_refused(take: Any) -> None:
    take("deals", DEAL_HEADER + "D1,,,,,2026-03-01,,,5\n", DEALS)

    result = take("deals", DEAL_HEADER + "D1,,,,,,2026-03-02,,\n", DEALS)

    assert [remark.code for remark, _cells in result.refused] == ["won_already"]


def test_an_open_deal_that_a_later_file_wins_moves_its_lead_at_that_moment(take: Any) -> None:
    take("leads", LEAD_HEADER + "A1,John,,,,2026-01-01\n", LEADS)
    take("deals", DEAL_HEADER + "D1,A1,,,2026-01-05,,,,\n", DEALS)

    take("deals", DEAL_HEADER + "D1,,,,,2026-02-06,,,\n", DEALS)

    deal = Deal.objects.get()
    moves = [(event.new_stage, event.at) for event in deal.lead.events.filter(kind="stage").order_by("pk")]
    assert moves == [(Stage.WITH_SALES, deal.opened_at), (Stage.CUSTOMER, deal.won_at)]
