"""Accept, reject, withdraw: each refused case stands beside the allowed one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from alignment.kernel.errors import InvalidInput, NotAllowed, NotFound
from alignment.outbox.models import Notice
from handoff.models import Handoff, RejectionReason
from handoff.rules.workflow import AlreadyDecided
from handoff.services import decisions, offers
from leads.models import Account, Lead
from leads.rules.stages import Stage
from leads.services import judging
from tests import factories
from tests.conftest import TOKYO

WHO_MAY_DECIDE = [
    ("ren", True),
    ("sora", True),
    ("riku", False),
    ("rei", False),
    ("mai", False),
    ("aoi", False),
    ("kei", False),
]


@pytest.mark.parametrize(("person", "may"), WHO_MAY_DECIDE)
@pytest.mark.parametrize("act", ["accept", "reject"])
def test_who_may_decide_an_offer_to_one_person(act, person, may, offer, riku, request, now):
    actor = request.getfixturevalue(person)
    arguments = {"reason": "timing"} if act == "reject" else {}

    if may:
        assert getattr(decisions, act)(handoff_id=offer.pk, actor=actor, now=now, **arguments).decided_by == actor
    else:
        with pytest.raises(NotAllowed):
            getattr(decisions, act)(handoff_id=offer.pk, actor=actor, now=now, **arguments)
        assert Handoff.objects.get().status == "offered"


@pytest.mark.parametrize(("person", "may"), [("ren", True), ("riku", True), ("sora", True), ("rei", False)])
def test_who_may_decide_an_offer_to_a_team(person, may, team_offer, request, now):
    actor = request.getfixturevalue(person)

    if may:
        assert decisions.accept(handoff_id=team_offer.pk, actor=actor, now=now).lead.owner == actor
    else:
        with pytest.raises(NotAllowed):
            decisions.accept(handoff_id=team_offer.pk, actor=actor, now=now)


def test_accepting_makes_the_lead_the_actors_and_starts_the_next_clock(offer, ren, now):
    handoff = decisions.accept(handoff_id=offer.pk, actor=ren, now=now + timedelta(hours=1), comment=" Mine ")

    handoff.refresh_from_db()
    assert (handoff.status, handoff.decided_by, handoff.comment) == ("accepted", ren, "Mine")
    assert (handoff.lead.stage, handoff.lead.owner) == ("with_sales", ren)
    decide, attempt = handoff.clocks.order_by("pk")
    assert (decide.met_at, decide.business_seconds, decide.breached_at) == (now + timedelta(hours=1), 3600, None)
    assert (attempt.duty, attempt.owner, attempt.state) == ("first_attempt", ren, "running")


def test_an_accept_writes_its_event_and_tells_who_submitted(offer, ren, mai, now):
    Notice.objects.all().delete()

    decisions.accept(handoff_id=offer.pk, actor=ren, now=now)

    event = offer.events.order_by("pk").last()
    assert (event.action, event.old_status, event.new_status, event.actor) == ("accept", "offered", "accepted", ren)
    notice = Notice.objects.get()
    assert (notice.to_address, notice.template, notice.context["outcome"]) == (
        mai.email,
        "handoff/email/decided",
        "accepted",
    )


def test_the_time_to_decide_counts_working_time_only(offer, ren, now):
    decisions.accept(handoff_id=offer.pk, actor=ren, now=now + timedelta(hours=23))  # Thursday 9:00

    offer.refresh_from_db()
    assert offer.business_seconds_to_decide == 7 * 3600


def test_deciding_after_the_deadline_is_a_breach_also_before_a_scan(offer, ren, now):
    decisions.accept(handoff_id=offer.pk, actor=ren, now=now + timedelta(days=2))

    clock = offer.clocks.get(duty="decide")
    assert (clock.breached_at, clock.state) == (clock.due_at, "breached")


@pytest.mark.parametrize("late", ["accept", "reject", "withdraw"])
def test_who_comes_too_late_learns_who_was_faster(late, team_offer, ren, riku, mai, now):
    decisions.accept(handoff_id=team_offer.pk, actor=ren, now=now + timedelta(minutes=2))
    arguments = {"reason": "timing"} if late == "reject" else {}
    actor = mai if late == "withdraw" else riku

    with timezone.override(TOKYO), pytest.raises(AlreadyDecided, match=r"^Ren accepted this at 10:02\.$"):
        getattr(decisions, late)(handoff_id=team_offer.pk, actor=actor, now=now + timedelta(minutes=3), **arguments)

    assert team_offer.events.count() == 2


def test_a_rejection_recycles_by_what_the_reason_says(offer, ren, now):
    handoff = decisions.reject(handoff_id=offer.pk, reason="timing", actor=ren, now=now)

    assert (handoff.status, handoff.next_step) == ("rejected", "recycle")
    assert handoff.recycle_on == date(2026, 6, 30)
    handoff.lead.refresh_from_db()
    assert (handoff.lead.stage, handoff.lead.recycle_on, handoff.lead.owner) == ("nurture", date(2026, 6, 30), None)


def test_a_rejection_may_close_the_lead(offer, ren, now):
    handoff = decisions.reject(handoff_id=offer.pk, reason="duplicate", actor=ren, now=now)

    assert (handoff.next_step, handoff.recycle_on) == ("close", None)
    handoff.lead.refresh_from_db()
    assert handoff.lead.stage == "closed"


def test_a_date_alone_means_back_to_marketing_on_that_day(offer, ren, now):
    handoff = decisions.reject(
        handoff_id=offer.pk, reason="duplicate", recycle_on=date(2026, 12, 1), actor=ren, now=now
    )

    assert (handoff.next_step, handoff.recycle_on) == ("recycle", date(2026, 12, 1))


REFUSED = [
    # what is given, the field at fault
    ({"reason": "nonsense"}, "reason"),
    ({"reason": ""}, "reason"),
    ({"reason": "no_fit", "comment": "  "}, "comment"),
    ({"reason": "timing", "recycle_on": date(2026, 4, 1)}, "recycle_on"),
    ({"reason": "timing", "next_step": "close", "recycle_on": date(2026, 12, 1)}, "recycle_on"),
    ({"reason": "timing", "next_step": "nonsense"}, "next_step"),
]


@pytest.mark.parametrize(("arguments", "field"), REFUSED)
def test_a_rejection_that_says_too_little_is_refused(arguments, field, offer, ren, now):
    with pytest.raises(InvalidInput) as refused:
        decisions.reject(handoff_id=offer.pk, actor=ren, now=now, **arguments)

    assert refused.value.field == field
    assert Handoff.objects.get().status == "offered"


def test_a_reason_with_its_comment_is_taken(offer, ren, now):
    handoff = decisions.reject(handoff_id=offer.pk, reason="no_fit", comment="A school", actor=ren, now=now)

    assert (handoff.status, handoff.comment) == ("rejected", "A school")


def test_a_reason_out_of_use_is_refused(offer, ren, now):
    RejectionReason.objects.filter(code="timing").update(is_active=False)

    with pytest.raises(InvalidInput):
        decisions.reject(handoff_id=offer.pk, reason="timing", actor=ren, now=now)


def test_the_event_of_a_rejection_keeps_reason_and_what_follows(offer, ren, now):
    decisions.reject(handoff_id=offer.pk, reason="timing", comment="Next year", actor=ren, now=now)

    assert offer.events.order_by("pk").last().data == {
        "reason": "timing",
        "comment": "Next year",
        "next_step": "recycle",
        "recycle_on": "2026-06-30",
    }


@pytest.mark.parametrize(
    ("person", "may"), [("mai", True), ("aoi", True), ("kei", True), ("ren", False), ("sora", False)]
)
def test_who_may_withdraw(person, may, offer, request, now):
    actor = request.getfixturevalue(person)

    if may:
        assert decisions.withdraw(handoff_id=offer.pk, actor=actor, now=now).status == "withdrawn"
    else:
        with pytest.raises(NotAllowed):
            decisions.withdraw(handoff_id=offer.pk, actor=actor, now=now)


def test_withdrawing_frees_the_lead_stops_the_clock_and_tells_who_was_asked(offer, mai, ren, now):
    Notice.objects.all().delete()

    decisions.withdraw(handoff_id=offer.pk, actor=mai, now=now, comment="Wrong company")

    offer.refresh_from_db()
    assert (offer.lead.stage, offer.comment, offer.decided_at) == ("qualified", "Wrong company", None)
    assert offer.clocks.get().state == "stopped"
    assert Notice.objects.get().to_address == ren.email


def test_what_is_not_there_is_not_found(agreements, ren, now):
    with pytest.raises(NotFound):
        decisions.accept(handoff_id=0, actor=ren, now=now)


def test_an_offer_withdrawn_after_the_lead_stopped_qualifying_is_not_offered_again(offer, mai, now):
    Account.objects.filter(pk=offer.lead.account_id).update(employee_count=3)
    judging.judge(lead_ids=[offer.lead_id], now=now)  # as a correction does

    decisions.withdraw(handoff_id=offer.pk, actor=mai, now=now)

    offer.lead.refresh_from_db()
    assert offer.lead.stage == "captured"
    with pytest.raises(offers.NotQualified):
        offers.hand_over(lead_id=offer.lead_id, actor=mai, now=now)


def test_a_decision_a_moment_before_the_offer_by_a_slow_clock_still_meets_it(offer, ren, now):
    decisions.accept(handoff_id=offer.pk, actor=ren, now=now - timedelta(seconds=3))

    clock = offer.clocks.get(duty="decide")
    assert (clock.state, clock.met_at) == ("met", now)


@pytest.mark.parametrize("answer", ["accept", "reject", "withdraw"])
def test_a_customer_stays_one_whatever_becomes_of_a_later_offer(answer, offer, ren, mai, now):
    Lead.objects.filter(pk=offer.lead_id).update(stage="customer")  # an older deal was won meanwhile

    if answer == "accept":
        decisions.accept(handoff_id=offer.pk, actor=ren, now=now)
    elif answer == "reject":
        decisions.reject(handoff_id=offer.pk, reason="timing", actor=ren, now=now)
    else:
        decisions.withdraw(handoff_id=offer.pk, actor=mai, now=now)

    offer.lead.refresh_from_db()
    assert (offer.lead.stage, offer.lead.owner) == ("customer", ren if answer == "accept" else None)
    assert offer.lead.recycle_on is None


@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_who_bought_while_the_offer_was_open_becomes_a_customer(answer, offer, ren, now):
    factories.deal(lead=offer.lead, won_at=now)
    reason = {"reason": "duplicate"} if answer == "reject" else {}

    getattr(decisions, answer)(handoff_id=offer.pk, actor=ren, now=now, **reason)

    offer.lead.refresh_from_db()
    assert (offer.lead.stage, offer.lead.owner) == (Stage.CUSTOMER, ren if answer == "accept" else None)
