"""When a review is due: on the first business day after its month, at nine. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from alignment.kernel.calendar import BusinessCalendar
from alignment.kernel.periods import Period

HOUR = time(9)


def due_at(month: Period, calendar: BusinessCalendar) -> datetime:
    """The moment (UTC) from which the review of this month is to be built."""
    _start, end = month.bounds(calendar.zone)
    first_open = calendar.next_open(end).astimezone(calendar.zone).date()
    return datetime.combine(first_open, HOUR, tzinfo=calendar.zone).astimezone(UTC)


def months_ended(first_month: date, *, today: date) -> Iterator[Period]:
    """Every whole month from the first one up to the one that has just ended."""
    month = Period.month_of(first_month)
    while month.end <= today:
        yield month
        month = Period.month_of(month.end)
