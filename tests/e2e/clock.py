"""The time of the story: it runs on from a moment that a test chooses."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Stands in for ``django.utils.timezone.now`` in this process, which also serves the pages."""

    def __init__(self, start: datetime) -> None:
        self.move_to(start)

    def move_to(self, moment: datetime) -> None:
        self._start, self._since = moment, time.monotonic()

    def __call__(self) -> datetime:
        return (self._start + timedelta(seconds=time.monotonic() - self._since)).astimezone(UTC)
