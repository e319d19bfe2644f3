"""What a campaign cost, month by month: one truth, whose sum is the total."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from alignment.accounts.models import Organisation, User
from alignment.kernel.errors import InvalidInput
from leads.models import Campaign, CampaignCost
from leads.rules.costs import MOST_MONTHS, added, months_of, outside, spread
from leads.selectors.accounts import campaigns, costs_of
from leads.services.campaigns import save_campaign
from tests import factories

Browser = Callable[[User], Client]
APRIL, MAY, JUNE = (date(2026, month, 1) for month in (4, 5, 6))
FACTS = {"channel": "fair", "promise": "A demo", "starts_on": date(2026, 4, 16), "ends_on": date(2026, 6, 15)}

days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
amounts = st.decimals(0, 10**11, places=2, allow_nan=False)


@given(amounts, days, st.integers(0, 3000))
@example(Decimal("0.01"), date(2026, 1, 31), 59)
@example(Decimal(1), date(2026, 1, 1), 365)
def test_what_is_spread_adds_up_and_stays_in_the_period(total: Decimal, start: date, length: int):
    end = start + timedelta(days=length)

    parts = spread(total, starts_on=start, ends_on=end)

    assert sum(parts.values()) == total
    assert all(amount > 0 for amount in parts.values())
    assert parts.keys() <= set(months_of(start, end))
    if total == total.to_integral_value():
        assert all(amount == amount.to_integral_value() for amount in parts.values())


def test_a_total_is_spread_by_the_days_in_each_month():
    parts = spread(Decimal(6100), starts_on=FACTS["starts_on"], ends_on=FACTS["ends_on"])

    assert parts == {APRIL: 1500, MAY: 3100, JUNE: 1500}


@pytest.mark.parametrize(
    ("start", "end"),
    [(None, None), (APRIL, None), (None, APRIL), (date(2000, 1, 1), date(2010, 1, 1)), (MAY, APRIL)],
)
def test_a_total_of_an_open_or_endless_period_stays_undated(start: date | None, end: date | None):
    assert spread(Decimal(100), starts_on=start, ends_on=end) == {None: 100}
    assert len(months_of(date(2000, 1, 1), date(2009, 12, 31))) == MOST_MONTHS


def test_months_outside_the_period_are_known():
    costs = dict.fromkeys((date(2026, 3, 1), APRIL, JUNE, date(2026, 7, 1), None), Decimal(1))

    assert outside(costs, starts_on=FACTS["starts_on"], ends_on=FACTS["ends_on"]) == [
        date(2026, 3, 1),
        date(2026, 7, 1),
    ]
    assert outside(costs, starts_on=None, ends_on=None) == []
    assert added({APRIL: Decimal(1)}, {APRIL: Decimal(2), None: Decimal(3)}) == {APRIL: 3, None: 3}


def test_the_total_is_the_sum_of_the_months_whatever_leads_there_are(mai: User):
    costs = {APRIL: Decimal(100), MAY: Decimal("20.50"), None: Decimal(7)}
    campaign = save_campaign(campaign_id=None, name="Fair", costs=costs, actor=mai, **FACTS)
    for _number in range(3):
        factories.lead(campaign=campaign)

    listed = campaigns().get(pk=campaign.pk)

    assert (listed.cost, listed.lead_count) == (Decimal("127.50"), 3)
    assert costs_of(campaign) == costs


def test_costs_are_written_as_a_whole_or_left_alone(mai: User):
    campaign = save_campaign(
        campaign_id=None, name="Fair", costs={APRIL: Decimal(5), MAY: Decimal(6)}, actor=mai, **FACTS
    )
    facts = FACTS | {"campaign_id": campaign.pk, "name": "Fair", "actor": mai}

    save_campaign(**facts)
    assert costs_of(campaign) == {APRIL: 5, MAY: 6}
    save_campaign(**facts, costs={MAY: Decimal(7), JUNE: Decimal(0), None: Decimal(1)})

    assert costs_of(campaign) == {MAY: 7, None: 1}


@pytest.mark.parametrize(
    "costs", [{APRIL: Decimal(-1)}, {None: Decimal(10**12)}, {date(2026, 4, 2): Decimal(1)}], ids=str
)
def test_an_impossible_cost_is_refused(costs: dict[date | None, Decimal], mai: User):
    with pytest.raises(InvalidInput) as refusal:
        save_campaign(campaign_id=None, name="Fair", costs=costs, actor=mai, **FACTS)

    assert refusal.value.field == "costs"
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("month", [APRIL, None])
def test_a_month_stands_once(db: None, month: date | None):
    campaign = factories.campaign()
    campaign.costs.create(month=month, amount=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        campaign.costs.create(month=month, amount=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        campaign.costs.create(month=date(2026, 5, 2), amount=2)


def sent(**changes: str) -> dict[str, str]:
    return {"name": "Fair", "starts_on": "2026-04-16", "ends_on": "2026-06-15"} | changes


def test_a_total_is_entered_once_and_mended_by_month(signed_in: Browser, mai: User):
    client = signed_in(mai)

    answer = client.post("/campaigns/new/", sent(undated="6,100", spread="on"))
    campaign = Campaign.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/campaigns/{campaign.pk}/")  # where the months are
    assert costs_of(campaign) == {APRIL: 1500, MAY: 3100, JUNE: 1500}
    page = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "6,100 JPY in all" in page
    assert 'value="3100"' in page

    months = {"cost_2026_04": "1000", "cost_2026_05": "", "cost_2026_06": "￥２，０００円"}
    answer = client.post(
        f"/campaigns/{campaign.pk}/", sent(**months, other_month="2026年3月", other_amount="50"), follow=True
    )

    assert costs_of(campaign) == {date(2026, 3, 1): 50, APRIL: 1000, JUNE: 2000}
    assert "Some costs lie outside the period of the campaign: Mar 2026." in answer.content.decode()
    assert "outside the period" in client.get(f"/campaigns/{campaign.pk}/").content.decode()


def test_a_cost_that_cannot_be_taken_is_named_as_the_page_names_it(signed_in: Browser, mai: User):
    page = signed_in(mai).post("/campaigns/new/", sent(undated="much")).content.decode()

    assert "Cost in all: " in page
    assert "Cost without a month" not in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cost_2026_04": "-1"}, "greater than or equal to 0"),
        ({"other_amount": "5"}, "Say which month this was."),
        ({"other_month": "2026-13", "other_amount": "5"}, "Write the month as year-month"),
        ({"other_month": "2026-05", "other_amount": "5"}, "This month has a line of its own above."),
    ],
)
def test_a_month_that_cannot_be_taken_is_said(changes: dict[str, str], message: str, signed_in: Browser, mai: User):
    campaign = save_campaign(campaign_id=None, name="Fair", costs={APRIL: Decimal(5)}, actor=mai, **FACTS)

    answer = signed_in(mai).post(f"/campaigns/{campaign.pk}/", sent(cost_2026_04="6") | changes)

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert costs_of(campaign) == {APRIL: 5}


@pytest.mark.parametrize(("currency", "shown"), [("JPY", "1,235 JPY"), ("USD", "1,234.50 USD")])
def test_yen_have_no_decimals(currency: str, shown: str, signed_in: Browser, mai: User):
    Organisation.objects.update_or_create(pk=1, defaults={"currency": currency})
    campaign = factories.campaign()
    CampaignCost.objects.create(campaign=campaign, month=APRIL, amount=Decimal("1234.50"))

    assert f"{shown} in all" in signed_in(mai).get(f"/campaigns/{campaign.pk}/").content.decode()
