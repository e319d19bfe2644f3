"""A change that had to wait for another one sees what the other one did, also in what the row points to."""

from __future__ import annotations

import pytest
from django.db import transaction

from alignment.kernel.errors import DomainError, NotAllowed
from handoff.services import decisions, offers
from leads.models import Account, Deal, Lead, Verdict
from leads.services import deals, judging
from leads.services.leads import update_lead
from tests import factories
from tests.racing import while_uncommitted

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def judged(make_lead, version, mai, now) -> Lead:
    """A qualified lead with a verdict."""
    lead = make_lead()
    judging.judge(lead_ids=[lead.pk], now=now)
    return lead


def rejudge(lead: Lead, now) -> None:
    """Give it another verdict, as another person's correction does."""
    Account.objects.filter(pk=lead.account_id).update(employee_count=900)
    judging.judge(lead_ids=[lead.pk], now=now)


@transaction.atomic
def hand_over_unjudged(lead, mai, now):
    return offers.hand_over_judged(leads=[offers._locked(lead.pk)], actor=mai, now=now)[lead.pk]


def test_an_offer_is_stamped_with_the_verdict_that_came_while_it_waited(judged, rule, ren, mai, now):
    offer = while_uncommitted(
        lambda: rejudge(judged, now),
        lambda: hand_over_unjudged(judged, mai, now),
    )

    assert offer.verdict == Verdict.objects.latest("pk")
    assert (offer.stamp["version"], offer.stamp["answers"][0]["seen"]) == (1, [900])


def test_judging_twice_at_once_writes_one_verdict(judged, now):
    while_uncommitted(lambda: rejudge(judged, now), lambda: judging.judge(lead_ids=[judged.pk], now=now))

    assert judged.verdicts.count() == 2  # the first, and that of the change


def test_a_rep_of_another_team_is_refused_also_while_the_lead_is_being_accepted(judged, rule, ren, rei, mai, now):
    offer = offers.hand_over(lead_id=judged.pk, actor=mai, now=now)
    deal = {"name": "D", "amount": None, "expected_on": None, "product": ""}

    refused = while_uncommitted(
        lambda: decisions.accept(handoff_id=offer.pk, actor=ren, now=now),
        lambda: deals.open_deal(lead_id=judged.pk, actor=rei, now=now, **deal),
    )

    assert isinstance(refused, NotAllowed)
    assert not Deal.objects.exists()


def test_an_edit_sees_the_campaign_that_was_set_while_it_waited(judged, mai, now):
    spring, summer = factories.campaign("Spring"), factories.campaign("Summer")

    def set_spring() -> None:
        update_lead(lead_id=judged.pk, facts={"campaign": spring}, seen=None, actor=mai, now=now)

    refused = while_uncommitted(
        set_spring,
        lambda: update_lead(lead_id=judged.pk, facts={"campaign": summer}, seen=judged.updated_at, actor=mai, now=now),
    )

    assert isinstance(refused, DomainError)
    assert refused.conflicts == {"campaign": (spring, summer)}
