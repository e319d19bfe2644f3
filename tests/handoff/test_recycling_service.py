"""Leads come back to marketing when their day has come."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from handoff.services import decisions, offers, recycling


@pytest.fixture
def resting(offer, ren, now):
    """A lead that comes back on the 30th of June."""
    return decisions.reject(handoff_id=offer.pk, reason="timing", actor=ren, now=now).lead


def test_before_its_day_a_lead_rests(resting, now):
    assert recycling.return_due_leads(now=now + timedelta(days=89)) == 0


def test_on_its_day_a_lead_that_still_qualifies_waits_to_be_handed_over(resting, now):
    assert recycling.return_due_leads(now=now + timedelta(days=90)) == 1

    resting.refresh_from_db()
    assert (resting.stage, resting.recycle_on) == ("qualified", None)
    event = resting.events.order_by("pk").last()
    assert (event.old_stage, event.new_stage, event.actor, event.data) == (
        "nurture",
        "qualified",
        None,
        {"recycled": "2026-06-30"},
    )


def test_a_lead_that_no_longer_qualifies_comes_back_as_captured(resting, now):
    resting.account.employee_count = 3
    resting.account.save()

    recycling.return_due_leads(now=now + timedelta(days=90))

    resting.refresh_from_db()
    assert (resting.stage, resting.verdict.is_qualified) == ("captured", False)
    assert resting.qualified_at is not None  # it was an MQL once, and that stays


def test_a_lead_comes_back_once(resting, now):
    later = now + timedelta(days=90)

    assert [recycling.return_due_leads(now=later) for _n in range(3)] == [1, 0, 0]
    assert resting.events.filter(data__has_key="recycled").count() == 1


def test_the_day_begins_where_the_organisation_is(resting, now):
    resting.recycle_on = date(2026, 4, 2)
    resting.save()

    assert recycling.return_due_leads(now=now.replace(hour=23, minute=59)) == 0
    assert recycling.return_due_leads(now=now.replace(day=2, hour=0, minute=0)) == 1


def test_handed_over_again_it_is_a_new_handoff(resting, offer, mai, now):
    later = now + timedelta(days=90)
    recycling.return_due_leads(now=later)

    again = offers.hand_over(lead_id=resting.pk, actor=mai, now=later)

    assert (again.attempt, again.pk != offer.pk) == (2, True)
