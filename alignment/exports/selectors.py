"""Who took what."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from alignment.accounts.models import User
from alignment.exports.models import Export


def exports(
    *,
    zone: ZoneInfo,
    actor: User | None = None,
    listing: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Export]:
    """What was taken, newest first, narrowed as asked; both days are included, as they are in ``zone``."""
    found = Export.objects.select_related("actor").order_by("-at", "-pk")
    if actor is not None:
        found = found.filter(actor=actor)
    if listing:
        found = found.filter(listing=listing)
    if since is not None:
        found = found.filter(at__gte=datetime.combine(since, time.min, tzinfo=zone))
    if until is not None:
        found = found.filter(at__lt=datetime.combine(until + timedelta(days=1), time.min, tzinfo=zone))
    return found
