"""Figures reckoned by hand, with the awkward rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alignment.accounts.models import User
from alignment.kernel.periods import Period
from reviews.kpis.kpi import Figure, Part
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis, GroupBy, Scope
from reviews.selectors.figures import figures
from reviews.selectors.rows import as_row, rows_behind
from tests import factories
from tests.conftest import TOKYO

pytestmark = pytest.mark.django_db

MARCH = Period.month("2026-03")


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=TOKYO)


def seen(basis: Basis = Basis.PERIOD, period: Period = MARCH) -> dict[str, Figure]:
    return figures(period=period, zone=TOKYO, basis=basis).total


def test_there_is_one_formula_sentence_for_each_of_the_agreed_figures() -> None:
    agreed = (
        "leads mql offered accepted rejected acceptance_rate hours_to_decide_p50 contacted deals_opened deals_won "
        "deals_lost win_rate conversion won_amount deal_size days_to_win_p50 days_to_win_mean"
    )

    assert [kpi.key for kpi in KPIS] == agreed.split()
    assert all(str(kpi.formula).endswith(".") and str(kpi.label) for kpi in KPIS)


def test_without_any_row_counts_are_zero_and_rates_have_no_value() -> None:
    total = seen()

    assert total["mql"] == Figure(0, 0, None)
    assert total["acceptance_rate"] == Figure(None, 0, 0)
    assert total["win_rate"] == Figure(None, 0, 0)
    assert total["conversion"] == Figure(None, 0, 0)
    assert total["hours_to_decide_p50"] == Figure(None, None, 0)
    assert total["won_amount"] == Figure(0, None, 0)
    assert total["deal_size"] == Figure(None, None, 0)


def test_a_lead_offered_again_counts_as_two_offers() -> None:
    lead = factories.qualified_lead(captured_at=at(3, 2))
    factories.handoff(lead, offered_at=at(3, 3), status="rejected", decided_at=at(3, 4))
    factories.handoff(lead, offered_at=at(3, 20), status="accepted", decided_at=at(4, 1))

    total = seen()

    assert (total["offered"].value, total["accepted"].value, total["rejected"].value) == (2, 0, 1)
    assert total["acceptance_rate"] == Figure(0.0, 0, 1)
    assert seen(Basis.COHORT)["acceptance_rate"] == Figure(0.5, 1, 2)  # the decision of April is about a lead of March


def test_a_withdrawn_or_waiting_offer_is_in_no_rate() -> None:
    factories.handoff(offered_at=at(3, 3), status="withdrawn", decided_at=at(3, 4))
    factories.handoff(offered_at=at(3, 3))

    assert seen()["offered"].value == 2
    assert seen()["acceptance_rate"] == Figure(None, 0, 0)


def test_the_time_to_decide_is_the_median_of_business_hours() -> None:
    for seconds in (3600, 2 * 3600, 30 * 3600):
        factories.handoff(
            status="accepted", offered_at=at(3, 1), decided_at=at(3, 9), business_seconds_to_decide=seconds
        )
    factories.handoff(status="accepted", decided_at=at(3, 9))  # imported: how long it took is not known

    assert seen()["hours_to_decide_p50"] == Figure(2.0, None, 3)
    assert seen()["accepted"].value == 4


def test_two_deals_on_one_lead_are_two_wins_and_one_conversion() -> None:
    lead = factories.qualified_lead(captured_at=at(3, 2))
    factories.deal(lead=lead, opened_at=at(3, 3), won_at=at(3, 4), amount=100)
    factories.deal(lead=lead, opened_at=at(3, 3), won_at=at(4, 4), amount=None)

    by_cohort = seen(Basis.COHORT)

    assert by_cohort["deals_won"].value == 2
    assert by_cohort["conversion"] == Figure(1.0, 1, 1)
    assert by_cohort["deal_size"] == Figure(100.0, None, 1)  # a deal without an amount says nothing about size
    assert by_cohort["won_amount"].value == 100


def test_a_lead_that_won_in_two_months_converts_in_each_of_them_and_once_in_all() -> None:
    lead = factories.qualified_lead(captured_at=at(3, 2))
    factories.deal(lead=lead, won_at=at(3, 4))
    factories.deal(lead=lead, won_at=at(4, 4))

    spring = Period(date(2026, 3, 1), date(2026, 5, 1))
    found = figures(period=spring, zone=TOKYO, group_by=GroupBy.MONTH)

    assert found.total["conversion"].numerator == 1
    assert {group.key: group.figures["conversion"].numerator for group in found.groups} == {"2026-03": 1, "2026-04": 1}


def test_a_deal_without_a_lead_counts_in_its_period_and_in_no_cohort() -> None:
    factories.deal(opened_at=at(3, 3), won_at=at(3, 4), amount=100)
    factories.deal(opened_at=at(3, 3), lost_at=at(3, 4))

    assert seen()["win_rate"] == Figure(0.5, 1, 2)
    assert seen()["won_amount"].value == 100
    assert seen()["days_to_win_p50"] == Figure(None, None, 0)
    assert seen(Basis.COHORT)["deals_opened"].value == 0


def test_a_deal_won_before_its_lead_qualified_stays_in() -> None:
    lead = factories.qualified_lead(captured_at=at(3, 8))
    other = factories.qualified_lead(captured_at=at(3, 8))
    factories.deal(lead=lead, won_at=at(3, 6, 23))
    factories.deal(lead=other, won_at=at(3, 18, 1))

    assert seen()["days_to_win_mean"] == Figure(4.0, None, 2)
    assert seen()["days_to_win_p50"] == Figure(4.0, None, 2)
    assert [as_row(row).value for row in rows_behind(kpi=KPIS["days_to_win_p50"], scope=Scope(MARCH, TOKYO))] == [
        10,
        -2,
    ]


def test_days_are_counted_between_dates_of_the_organisation() -> None:
    late = factories.qualified_lead(captured_at=at(3, 8, 23, 59))
    factories.deal(lead=late, won_at=at(3, 9, 0, 1))

    assert seen()["days_to_win_p50"].value == 1


def test_a_lead_won_without_being_qualified_is_no_conversion() -> None:
    factories.deal(lead=factories.lead(captured_at=at(3, 2)), won_at=at(3, 4))

    assert seen(Basis.COHORT)["conversion"] == Figure(None, 0, 0)
    assert seen(Basis.COHORT)["deals_won"].value == 1


@pytest.mark.parametrize(
    ("captured_at", "month"),
    [
        (at(3, 1, 0, 0), "2026-03"),
        (at(3, 1, 0, 0) - timedelta(microseconds=1), None),
        (at(3, 31, 23, 59), "2026-03"),
        (at(4, 1, 0, 0), None),
    ],
)
@pytest.mark.parametrize("basis", Basis)
def test_months_begin_at_midnight_where_the_organisation_is(
    captured_at: datetime, month: str | None, basis: Basis
) -> None:
    factories.lead(captured_at=captured_at)

    found = figures(period=MARCH, zone=TOKYO, basis=basis, group_by=GroupBy.MONTH)

    assert [group.key for group in found.groups] == ([month] if month else [])


def test_blank_groups_are_shown_last_and_never_dropped(ren: User) -> None:
    campaign = factories.campaign("展示会")
    factories.lead(captured_at=at(3, 2), source="", owner=ren)
    factories.lead(captured_at=at(3, 2), source="mail", campaign=campaign)
    factories.deal(won_at=at(3, 4), product="GTX")

    def labels(group_by: GroupBy) -> list[tuple[str, str]]:
        return [(g.key, g.label) for g in figures(period=MARCH, zone=TOKYO, group_by=group_by).groups]

    assert labels(GroupBy.SOURCE) == [("mail", "mail"), ("", "No source given")]
    assert labels(GroupBy.OWNER) == [(str(ren.pk), "Ren"), ("", "Nobody")]
    assert labels(GroupBy.CAMPAIGN) == [(str(campaign.pk), "展示会"), ("", "No campaign")]
    assert labels(GroupBy.PRODUCT) == [("GTX", "GTX")]
    factories.deal(won_at=at(3, 4))
    assert labels(GroupBy.PRODUCT) == [("GTX", "GTX"), ("", "No product given")]


def test_figures_of_leads_and_handoffs_are_in_no_group_of_products(ren: User) -> None:
    for amount in (100, 300):
        lead = factories.qualified_lead(captured_at=at(3, 2))
        factories.handoff(lead, offered_at=at(3, 2), status="accepted")
        factories.deal(lead=lead, won_at=at(3, 4), amount=amount, product="Press")
    factories.qualified_lead(captured_at=at(3, 2))

    found = figures(period=MARCH, zone=TOKYO, group_by=GroupBy.PRODUCT)

    assert [group.key for group in found.groups] == ["Press"]
    (press,) = [group.figures for group in found.groups]
    assert {key for key, figure in press.items() if figure == Figure(None, None, None)} == {
        *("leads", "mql", "offered", "accepted", "rejected", "acceptance_rate"),
        *("hours_to_decide_p50", "contacted", "conversion"),
    }
    assert (press["deals_won"], press["win_rate"]) == (Figure(2, 2, None), Figure(1.0, 2, 2))
    assert (press["deal_size"].value, press["days_to_win_p50"].value) == (200, 2)
    assert found.total["mql"] == Figure(3, 3, None)


def test_an_offer_to_a_team_belongs_to_whoever_answered(ren: User, riku: User) -> None:
    factories.handoff(offered_at=at(3, 2), status="accepted", offered_to=None, decided_by=ren)
    factories.handoff(offered_at=at(3, 2), status="accepted", offered_to=riku, decided_by=ren)

    owners = figures(period=MARCH, zone=TOKYO, group_by=GroupBy.OWNER).groups

    offered = {group.label: group.figures["offered"].value for group in owners if group.figures["offered"].value}
    assert offered == {"Ren": 1, "Riku": 1}


def test_both_lists_of_a_rate_open() -> None:
    factories.handoff(offered_at=at(3, 2), status="accepted")
    factories.handoff(offered_at=at(3, 2), status="rejected")
    scope = Scope(Period.month("2026-03"), TOKYO)

    opened = {part: rows_behind(kpi=KPIS["acceptance_rate"], scope=scope, part=part).count() for part in Part}

    assert opened == {Part.NUMERATOR: 1, Part.DENOMINATOR: 2}


@pytest.mark.parametrize("group_by", [GroupBy.NONE, GroupBy.SOURCE, GroupBy.OWNER, GroupBy.CAMPAIGN, GroupBy.MONTH])
def test_the_number_of_queries_depends_on_neither_groups_nor_rows(group_by: GroupBy) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            figures(period=MARCH, zone=TOKYO, group_by=group_by)
        return len(captured)

    def history(number: int) -> None:
        lead = factories.qualified_lead(captured_at=at(3, 2), source=f"s{number}", campaign=factories.campaign())
        factories.handoff(lead, offered_at=at(3, 3), status="accepted")
        factories.deal(lead=lead, won_at=at(3, 9), amount=1, owner=factories.user())

    history(0)
    few = queries()
    for number in range(1, 13):
        history(number)

    assert queries() == few <= 31
