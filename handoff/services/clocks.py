"""Promises with a deadline: started, kept, stopped, and found late by a scan even if nobody looks.

Rows are locked in the order handoff, lead, clock, routing rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Value, When

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import Team, User
from alignment.kernel.calendar import BusinessCalendar, NoOpenTime
from alignment.kernel.locks import locked, locked_all
from handoff.models import Clock, Handoff, SlaPolicy
from handoff.rules.clocks import Duty
from handoff.services import notices
from leads.models import Deal
from leads.rules.stages import Stage

BATCH = 100


@dataclass(frozen=True)
class Due:
    """A deadline, and the side that owes the duty."""

    at: datetime
    side: str


def due(*, duty: Duty, owner: User | None, team: Team | None, now: datetime, calendars: Calendars) -> Due | None:
    """When the duty is due in the business time of whoever owes it; None where no time was agreed for it."""
    policy = SlaPolicy.objects.filter(duty=duty).first()
    if policy is None:
        return None
    try:
        at = _calendar(calendars, owner, team).add(now, policy.time)
    except NoOpenTime:  # hours that never open are no reason to lose a lead
        at = calendars.of_organisation().add(now, policy.time)
    return Due(at, policy.side)


def start(
    *, handoff: Handoff, duty: Duty, owner: User | None, team: Team | None, due: Due | None, now: datetime
) -> Clock | None:
    """Start the clock of a duty; None where no time was agreed for it."""
    if due is None:
        return None
    clock = started(handoff=handoff, duty=duty, owner=owner, team=team, due=due, now=now)
    clock.save()
    return clock


def started(*, handoff: Handoff, duty: Duty, owner: User | None, team: Team | None, due: Due, now: datetime) -> Clock:
    """The clock that ``start`` starts, not saved yet."""
    return Clock(handoff=handoff, duty=duty, side=due.side, team=team, owner=owner, started_at=now, due_at=due.at)


def meet(*, handoff_id: int, duty: Duty, at: datetime, calendars: Calendars) -> Clock | None:
    """The duty was done at ``at``; the clock keeps how much business time it took. None where none runs.

    The deed counts, not when it was written down nor when the scan came by: done too late it is missed, done in time it
    is kept, also where a scan had to take it for missed meanwhile.
    """
    clock = _unfinished(handoff_id, duty)
    if clock is None or at < clock.started_at:
        return None
    clock.met_at = at
    clock.business_seconds = business_seconds(
        owner=clock.owner, team=clock.team, start=clock.started_at, end=at, calendars=calendars
    )
    clock.breached_at = clock.due_at if at > clock.due_at else None
    clock.save(update_fields=["met_at", "business_seconds", "breached_at"])
    return clock


def stop(*, handoff_id: int, duty: Duty, now: datetime) -> None:
    """Nobody owes the duty any more; a deadline that had passed by then stays missed."""
    late = Case(When(due_at__lt=now, then=F("due_at")), default=F("breached_at"), output_field=DateTimeField())
    Clock.objects.filter(handoff_id=handoff_id, duty=duty, met_at=None, stopped_at=None).update(
        stopped_at=Value(now, output_field=DateTimeField()), breached_at=late
    )


def business_seconds(
    *, owner: User | None, team: Team | None, start: datetime, end: datetime, calendars: Calendars
) -> int:
    """Working time of whoever owed the duty between two moments; none where a skewed clock has them the wrong way."""
    return max(int(_calendar(calendars, owner, team).elapsed(start, end).total_seconds()), 0)


def scan(*, now: datetime) -> int:
    """Record each clock that has run out, owned or not, and tell whoever owes it and the managers of sales.

    Returns how many were found. Any number of scans may run at once: each clock is found by one of them, and its breach
    carries the true moment, which is its deadline, however late the scan comes.
    """
    _stop_pointless(now)
    _stop_answered_by_deals(now)
    found = 0
    while batch := _breach_batch(now):
        found += batch
    return found


def _stop_pointless(now: datetime) -> None:
    """Nobody owes a first attempt to somebody who has bought; a deadline that had passed by then stays missed."""
    bought = Clock.objects.filter(
        duty=Duty.FIRST_ATTEMPT, met_at=None, stopped_at=None, breached_at=None, handoff__lead__stage=Stage.CUSTOMER
    )
    bought.filter(due_at__gte=now).update(stopped_at=now)


@transaction.atomic
def _stop_answered_by_deals(now: datetime) -> None:
    """Nobody owes an answer on a lead that sales has a deal with: an import brought it. The offer waits on, undated.

    Who takes the lead stays for a person to say; a deadline that had passed by then stays missed.
    """
    has_deal = Exists(Deal.objects.filter(lead=OuterRef("lead"), lost_at=None))
    in_time = Exists(Clock.objects.running().filter(handoff=OuterRef("pk"), duty=Duty.DECIDE, due_at__gte=now))
    offers = Handoff.objects.waiting().filter(has_deal, in_time).order_by("pk")
    for offer in locked_all(offers, skip_locked=True):
        stop(handoff_id=offer.pk, duty=Duty.DECIDE, now=now)
        offer.decide_by = None
        offer.save(update_fields=["decide_by"])


@transaction.atomic
def _breach_batch(now: datetime) -> int:
    late = Clock.objects.overdue_at(now).order_by("due_at", "pk")[:BATCH]
    clocks = locked_all(late, "handoff__lead", "handoff__submitted_by", "owner", "team", skip_locked=True)
    Clock.objects.filter(pk__in=[clock.pk for clock in clocks]).update(breached_at=F("due_at"))
    notices.breached(clocks=clocks, now=now)
    return len(clocks)


def _unfinished(handoff_id: int, duty: Duty) -> Clock | None:
    running = Clock.objects.filter(handoff_id=handoff_id, duty=duty, met_at=None, stopped_at=None)
    return locked(running, "owner__team", "team")


def _calendar(calendars: Calendars, owner: User | None, team: Team | None) -> BusinessCalendar:
    return calendars.of_person(owner) if owner else calendars.of_team(team)
