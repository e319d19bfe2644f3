"""What programs may ask for, counted; and what is kept for them, thrown away after its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from alignment.programs.models import Allowance, KeptAnswer

KEPT_FOR = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
_SPEND = """
    INSERT INTO programs_allowance AS kept (subject, spent_until) VALUES (%(subject)s, %(now)s + %(cost)s)
    ON CONFLICT (subject) DO UPDATE SET spent_until = GREATEST(kept.spent_until, %(now)s) + %(cost)s
    WHERE GREATEST(kept.spent_until, %(now)s) + %(cost)s <= %(now)s + %(minute)s
    RETURNING subject
"""


def spend(*, subject: str, per_minute: int, weight: int, now: datetime) -> timedelta:
    """Take ``weight`` requests from what this subject may ask for; where that is too much, take none and say how long
    to wait. Whoever was silent for a minute may send a minute's requests at once.
    """
    cost = MINUTE / per_minute * weight
    values: dict[str, Any] = {"subject": subject, "now": now, "cost": cost, "minute": MINUTE}
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, values)
        if cursor.fetchone():
            return timedelta(0)
    until = Allowance.objects.values_list("spent_until", flat=True).get(pk=subject)
    return until + cost - MINUTE - now


def sweep(*, now: datetime) -> int:
    """Delete the answers whose day is over, and counts that only say that nobody asked lately; returns how many."""
    answers = KeptAnswer.objects.filter(created_at__lte=now - KEPT_FOR).delete()[0]
    return answers + Allowance.objects.filter(spent_until__lt=now).delete()[0]
