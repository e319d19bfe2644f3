"""How long sales still has, in the working time of whoever owes the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from alignment.accounts.calendars import Calendars
from alignment.kernel import formats
from alignment.kernel.calendar import BusinessCalendar
from handoff.models import Handoff

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
    offers = [handoff for handoff in handoffs if handoff.decide_by is not None]
    if not offers:
        return {}
    calendars = Calendars.load()
    people = calendars.of_people(handoff.offered_to for handoff in offers if handoff.offered_to)
    return {
        handoff.pk: _left(
            handoff,
            people[handoff.offered_to_id] if handoff.offered_to_id else calendars.of_team(handoff.team),
            now,
        )
        for handoff in offers
    }


def _left(handoff: Handoff, calendar: BusinessCalendar, now: datetime) -> TimeLeft:
    assert handoff.decide_by is not None
    remaining = calendar.elapsed(now, handoff.decide_by)
    total = calendar.elapsed(handoff.offered_at, handoff.decide_by)
    is_overdue = now > handoff.decide_by
    words = formats.time_left(remaining, working_day=calendar.weekly.typical_day)
    if is_overdue and remaining > -A_MINUTE:  # it ran out, and no working time has passed since
        words = _("overdue")
    return TimeLeft(
        words=words,
        share=1.0 if is_overdue or not total else 1 - remaining / total,
        state="overdue" if is_overdue else "soon" if remaining <= SOON else "ok",
        at=handoff.decide_by,
    )
