"""When a cohort is old enough to be judged. Pure."""

from __future__ import annotations

from datetime import date, timedelta

MATURE_AFTER = timedelta(days=90)


def is_young(last_day: date, *, today: date) -> bool:
    """Whether leads captured up to ``last_day`` still have to be given time before their result says anything."""
    return today < last_day + MATURE_AFTER
