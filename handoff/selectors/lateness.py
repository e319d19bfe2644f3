"""Deadlines that have passed and that no scan has recorded yet."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from alignment.health.metrics import figure
from handoff.models import Clock


@figure("clock_scan_lag_seconds", "Age of the oldest missed deadline that no scan has recorded.")
def scan_lag(now: datetime) -> float:
    """The seconds since the earliest deadline that a scan should have found; 0 where all are recorded."""
    earliest = Clock.objects.overdue_at(now).aggregate(at=Min("due_at"))["at"]
    return (now - earliest).total_seconds() if earliest else 0.0
