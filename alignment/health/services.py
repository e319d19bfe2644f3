"""Signs of life, and what is thrown away after its time."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.backends.db import SessionStore

from alignment.health.models import CacheEntry, Heartbeat


def note(name: str, *, now: datetime) -> None:
    """Note that the part ``name`` is alive: one statement, also for the first time."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=now)], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


def tidy(*, now: datetime) -> int:
    """Delete sessions and cache entries that have expired; returns the number of cache entries."""
    SessionStore.clear_expired()
    return CacheEntry.objects.filter(expires__lt=now).delete()[0]
