"""Answers that must not become a load, however often they are asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")

ASK_AGAIN_AFTER = 5.0
WAIT_FOR_ANOTHER = 2.0
"""Seconds for which a probe waits while another asks: each one that waits keeps a thread from a visitor."""


class Recent(Generic[T]):
    """The answer to ``ask(now=...)``, asked again only after some seconds; one for each process.

    Where another probe waits for an answer for long, the answer is ``unknown``, and no second thread waits with it.
    """

    def __init__(self, ask: Callable[..., T], *, unknown: T) -> None:
        self.ask, self.unknown = ask, unknown
        self.lock = threading.Lock()
        self._last: tuple[float, T] | None = None

    def __call__(self, *, now: datetime) -> T:
        """Return what was found lately."""
        if not self.lock.acquire(timeout=WAIT_FOR_ANOTHER):
            return self.unknown
        try:
            if self._last is None or time.monotonic() - self._last[0] > ASK_AGAIN_AFTER:
                found = self.ask(now=now)
                self._last = (time.monotonic(), found)
            return self._last[1]
        finally:
            self.lock.release()

    def forget(self) -> None:
        """Let the next probe ask anew."""
        self._last = None
