"""How long sales still has to decide, and to call, in the working time of whoever owes the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import Team, User
from alignment.kernel import formats
from alignment.kernel.calendar import BusinessCalendar
from handoff.models import Clock, Handoff
from handoff.rules.clocks import Duty

SOON = timedelta(hours=2)
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class TimeLeft:
    """A deadline as it is shown: in words, as the share of the time that is used, and as a state that is a word too."""

    words: str
    share: float
    state: str
    at: datetime


def time_left(handoffs: Iterable[Handoff], *, now: datetime) -> dict[int, TimeLeft]:
    """The time left for each offer that has a deadline, by handoff id; the queries do not grow with their number."""
    spans = [
        _Span(offer.pk, offer.offered_to, offer.team, offer.offered_at, offer.decide_by)
        for offer in handoffs
        if offer.decide_by is not None
    ]
    return _all_left(spans, now)


def first_calls(lead_ids: Iterable[int], *, now: datetime) -> dict[int, TimeLeft]:
    """The time left to reach each of these leads for the first time, by lead id, where sales still owes that."""
    owed = Clock.objects.owed(Duty.FIRST_ATTEMPT).filter(handoff__lead__in=list(lead_ids))
    clocks = owed.select_related("owner__team", "team", "handoff").order_by("due_at", "pk")
    return _all_left(
        [_Span(clock.handoff.lead_id, clock.owner, clock.team, clock.started_at, clock.due_at) for clock in clocks], now
    )


@dataclass(frozen=True)
class _Span:
    """The time that somebody has for something, by the id of the thing."""

    pk: int
    owner: User | None
    team: Team | None
    start: datetime
    end: datetime


def _all_left(spans: list[_Span], now: datetime) -> dict[int, TimeLeft]:
    if not spans:
        return {}
    calendars = Calendars.load()
    people = calendars.of_people(span.owner for span in spans if span.owner)
    return {
        span.pk: _left(span, people[span.owner.pk] if span.owner else calendars.of_team(span.team), now)
        for span in spans
    }


def _left(span: _Span, calendar: BusinessCalendar, now: datetime) -> TimeLeft:
    remaining = calendar.elapsed(now, span.end)
    total = calendar.elapsed(span.start, span.end)
    is_overdue = now > span.end
    words = formats.time_left(remaining, working_day=calendar.weekly.typical_day)
    if not is_overdue and remaining < A_MINUTE and _is_away(calendar, now, span.end):
        words = _("away until then")
    if is_overdue and remaining > -A_MINUTE:  # it ran out, and no working time has passed since
        words = _("overdue")
    return TimeLeft(
        words=words,
        share=1.0 if is_overdue or not total else 1 - remaining / total,
        state="overdue" if is_overdue else "soon" if remaining <= SOON else "ok",
        at=span.end,
    )


def _is_away(calendar: BusinessCalendar, now: datetime, until: datetime) -> bool:
    """Whether it is an absence that leaves no working time: “0 min left” beside a later day would puzzle."""
    return replace(calendar, absent=()).elapsed(now, until) >= A_MINUTE
