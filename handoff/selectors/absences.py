"""What waits for somebody who will not be there."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from alignment.accounts.models import Absence, User
from handoff.models import Handoff


def waiting_while_away(person: User, *, now: datetime) -> int:
    """How many open offers to this person are to be decided on a day on which they are away (at most two queries)."""
    zone = ZoneInfo(person.time_zone)
    absences = Absence.objects.filter(user=person, ends_on__gte=now.astimezone(zone).date())
    away = list(absences.order_by("pk").values_list("starts_on", "ends_on"))
    if not away:
        return 0
    waiting = Handoff.objects.waiting().filter(offered_to=person, decide_by__isnull=False)
    days = [at.astimezone(zone).date() for at in waiting.order_by("pk").values_list("decide_by", flat=True) if at]
    return sum(any(first <= day <= last for first, last in away) for day in days)
