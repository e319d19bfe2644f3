"""Celery's scheduler that shows it is alive."""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery.beat import PersistentScheduler
from django.db import connection
from django.utils import timezone

from alignment.health import checks, services

log = structlog.get_logger(__name__)

EVERY = 10.0


class HeartbeatScheduler(PersistentScheduler):
    """Writes the heartbeat of beat at most every ten seconds; a database that is away stops no tick."""

    _last_beat = float("-inf")

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, as Celery does, and note that we live."""
        if time.monotonic() - self._last_beat >= EVERY:
            self._last_beat = time.monotonic()
            self._beat()
        return min(super().tick(*args, **kwargs), EVERY)

    def _beat(self) -> None:
        try:
            services.note(checks.BEAT, now=timezone.now())
        except Exception as error:  # beat goes on: its silence is the message
            log.warning("heartbeat_failed", error=repr(error))
            connection.close()
