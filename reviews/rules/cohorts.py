"""When a cohort is old enough to be judged. Pure."""

from __future__ import annotations

from datetime import date, timedelta

from alignment.kernel.periods import Period

MATURE_AFTER = timedelta(days=90)


def is_young(last_day: date, *, today: date) -> bool:
    """Whether leads captured up to ``last_day`` still have to be given time before their result says anything."""
    return today < last_day + MATURE_AFTER


def mature_part(period: Period, *, today: date) -> Period | None:
    """The days of a period up to the last month whose leads have had their time; None where there is no such month."""
    if not is_young(period.last, today=today):
        return period
    end = last_mature_month(today).end
    return Period(period.start, end) if period.start < end else None


def last_mature_month(today: date) -> Period:
    """The latest whole month whose leads have had their time."""
    month = Period.month_of(today - MATURE_AFTER)
    return month if not is_young(month.last, today=today) else month.previous()
