"""A deal is opened by sales, and won or lost once, with a reason."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alignment.accounts.models import User
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed, NotFound
from leads.models import Deal, Lead
from leads.rules.stages import Stage
from leads.services import deals
from leads.services.activities import NotWithSales
from tests import factories
from tests.racing import at_once

pytestmark = pytest.mark.django_db
EXPECTED = date(2026, 6, 30)


@pytest.fixture
def lead(ren: User) -> Lead:
    return factories.lead(stage=Stage.WITH_SALES, owner=ren, account=factories.account())


@pytest.fixture
def deal(lead: Lead, ren: User, now: datetime) -> Deal:
    return open_deal(lead, ren, now)


def open_deal(lead: Lead | None, actor: User, now: datetime, **changes: Any) -> Deal:
    facts = {"name": "First line", "amount": Decimal(1_200_000), "expected_on": EXPECTED, "product": "Press"} | changes
    return deals.open_deal(lead_id=lead.pk if lead else None, actor=actor, now=now, **facts)


def update(deal: Deal, actor: User, now: datetime, **changes: Any) -> Deal:
    facts = {"name": deal.name, "amount": deal.amount, "expected_on": deal.expected_on, "product": deal.product}
    return deals.update_deal(deal_id=deal.pk, actor=actor, now=now, **(facts | changes))


def win(deal: Deal, actor: User, now: datetime, **changes: Any) -> Deal:
    return deals.win_deal(deal_id=deal.pk, actor=actor, now=now, **({"reason": "trust", "amount": None} | changes))


def lose(deal: Deal, actor: User, now: datetime, **changes: Any) -> Deal:
    return deals.lose_deal(deal_id=deal.pk, actor=actor, now=now, **({"reason": "price", "comment": ""} | changes))


def kinds(deal: Deal) -> list[str]:
    return list(deal.events.order_by("pk").values_list("kind", flat=True))


def test_a_deal_belongs_to_the_owner_and_the_company_of_its_lead(lead: Lead, sora: User, now: datetime):
    deal = open_deal(lead, sora, now)

    assert (deal.owner, deal.account, deal.opened_at) == (lead.owner, lead.account, now)
    assert (kinds(deal), deal.events.get().data["amount"]) == (["opened"], "1200000.00")


def test_a_deal_may_stand_without_a_lead(ren: User, now: datetime):
    account = factories.account()

    deal = open_deal(None, ren, now, account_id=account.pk)

    assert (deal.lead, deal.owner, deal.account) == (None, ren, account)


def test_marketing_opens_no_deal(lead: Lead, mai: User, ren: User, now: datetime):
    with pytest.raises(NotAllowed):
        open_deal(lead, mai, now)

    assert open_deal(lead, ren, now).pk


def test_a_lead_that_sales_has_not_accepted_takes_no_deal(ren: User, now: datetime):
    with pytest.raises(NotWithSales):
        open_deal(factories.lead(), ren, now)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal(10) ** 15}, "amount"),
        ({"name": " "}, "name"),
        ({"product": "x" * 101}, "product"),
        ({"account_id": 10**9}, "account"),
    ],
)
def test_impossible_facts_are_refused(changes: dict[str, Any], field: str, ren: User, now: datetime):
    with pytest.raises(InvalidInput) as refusal:
        open_deal(None, ren, now, **changes)

    assert refusal.value.field == field


def test_a_change_keeps_old_and_new(deal: Deal, ren: User, now: datetime):
    update(deal, ren, now, amount=Decimal(900_000))
    update(deal, ren, now, amount=Decimal(900_000))

    assert kinds(deal) == ["opened", "changed"]
    assert deal.events.latest("pk").data == {"changes": {"amount": ["1200000.00", "900000.00"]}}


def test_winning_makes_the_lead_a_customer(deal: Deal, lead: Lead, ren: User, now: datetime):
    later = now + timedelta(days=14)

    win(deal, ren, later, amount=Decimal(1_500_000))

    deal.refresh_from_db()
    lead.refresh_from_db()
    assert (deal.won_at, deal.win_reason, deal.amount) == (later, "trust", Decimal(1_500_000))
    assert (lead.stage, kinds(deal)) == (Stage.CUSTOMER, ["opened", "won"])
    event = lead.events.latest("pk")
    assert (event.kind, event.new_stage, event.data["deal"]) == ("stage", "customer", deal.pk)


def test_a_win_needs_a_reason_and_an_amount(lead: Lead, ren: User, now: datetime):
    deal = open_deal(lead, ren, now, amount=None)

    for changes, field in (({"reason": "luck", "amount": Decimal(1)}, "reason"), ({}, "amount")):
        with pytest.raises(InvalidInput) as refusal:
            win(deal, ren, now, **changes)
        assert refusal.value.field == field

    assert win(deal, ren, now, amount=Decimal(0)).won_at == now


def test_losing_keeps_the_reason_and_the_lead_stays_with_sales(deal: Deal, lead: Lead, ren: User, now: datetime):
    lose(deal, ren, now, comment=" Too dear ")

    deal.refresh_from_db()
    lead.refresh_from_db()
    assert (deal.lost_at, deal.loss_reason, deal.comment) == (now, "price", "Too dear")
    assert (lead.stage, kinds(deal)) == (Stage.WITH_SALES, ["opened", "lost"])


def test_another_reason_needs_a_comment(deal: Deal, ren: User, now: datetime):
    with pytest.raises(InvalidInput) as refusal:
        lose(deal, ren, now, reason="other")
    assert refusal.value.field == "comment"

    assert lose(deal, ren, now, reason="other", comment="The plant was sold").lost_at == now


@pytest.mark.parametrize("step", [update, win, lose])
def test_a_closed_deal_is_not_touched_again(step: Any, deal: Deal, ren: User, riku: User, now: datetime):
    lose(deal, ren, now)

    with pytest.raises(DomainError) as refusal:
        step(deal, riku, now)

    assert refusal.value.code == "deal_closed"
    assert "Ren" in str(refusal.value)
    assert kinds(deal) == ["opened", "lost"]


@pytest.mark.parametrize("step", [update, win, lose])
def test_only_the_owners_team_and_the_manager_change_a_deal(step: Any, deal: Deal, rei: User, mai: User, riku: User):
    moment = deal.opened_at

    for person in (rei, mai):
        with pytest.raises(NotAllowed):
            step(deal, person, moment)

    assert step(deal, riku, moment).pk == deal.pk


def test_an_unknown_deal_is_not_found(ren: User, now: datetime):
    with pytest.raises(NotFound):
        win(Deal(pk=10**9), ren, now)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_winning_and_losing_at_once_closes_it_once(deal: Deal, ren: User, riku: User, now: datetime):
    results = at_once(*[lambda: win(deal, ren, now), lambda: lose(deal, riku, now)] * 3)

    assert sum(isinstance(result, Deal) for result in results) == 1
    assert len(kinds(deal)) == 2


@pytest.mark.parametrize("end", [win, lose])
def test_with_its_last_deal_the_plan_for_a_lead_ends(end: Any, deal: Deal, lead: Lead, ren: User, now: datetime):
    Lead.objects.filter(pk=lead.pk).update(next_step_on=EXPECTED)

    end(deal, ren, now)

    lead.refresh_from_db()
    assert lead.next_step_on is None


def test_a_plan_stays_while_another_deal_is_open(deal: Deal, lead: Lead, ren: User, now: datetime):
    open_deal(lead, ren, now, name="Second line")
    Lead.objects.filter(pk=lead.pk).update(next_step_on=EXPECTED)

    lose(deal, ren, now)

    lead.refresh_from_db()
    assert lead.next_step_on == EXPECTED
