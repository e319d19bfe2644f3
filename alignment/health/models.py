"""Signs of life, and the table of Django's cache."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a part was last seen alive: ``beat`` (its own tick), ``worker:notice`` (a task ran in this queue) ..."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at}"


class CacheEntry(models.Model):
    """The table of Django's database cache, which alone reads and writes it.

    It holds counters of sign-in limits and used one-time codes. They must hold while Redis is down or frozen, so they
    live where the people live.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "cache_entry"

    def __str__(self) -> str:
        return self.cache_key
