"""The doorbell: wake a worker after the commit. What must be done is a row; a lost ring costs one sweep."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import structlog
from celery import current_app
from django.db import transaction
from kombu import Connection
from kombu.pools import producers

from alignment.kernel.failpoints import failpoint

log = structlog.get_logger(__name__)

SILENCE = 10.0
"""Seconds without ringing after the broker failed: a frozen one costs a process its patience once, not at each ring."""

_PATIENCE = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "retry_on_timeout": False, "max_retries": 0}
_silent_until = 0.0
_muted: ContextVar[bool] = ContextVar("muted", default=False)


def nudge(task_name: str, **ids: int | str) -> None:
    """Ring for ``task_name`` with ``ids`` once the surrounding transaction has committed.

    Never raises and never waits longer than about a second: a dead or frozen broker must not fail the request whose
    change is already committed. The sweep of the minute finds what a lost ring left behind.
    """

    if _muted.get():
        return

    def ring() -> None:
        failpoint("queue.before_ring")
        if time.monotonic() >= _silent_until:
            _ring(task_name, ids)

    transaction.on_commit(ring, robust=True)


@contextmanager
def muted() -> Iterator[None]:
    """Ring nobody within: for bulk work whose rows the next sweep finds anyway."""
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)


def _ring(task_name: str, ids: dict[str, int | str]) -> None:
    global _silent_until  # noqa: PLW0603 - one clock per process, and a race only rings once more
    try:
        with producers[_doorbell()].acquire(block=True, timeout=1) as producer:
            current_app.send_task(task_name, kwargs=ids, producer=producer, retry=False)
    except Exception as error:  # any fault of the broker costs only the early wake-up
        _silent_until = time.monotonic() + SILENCE
        log.warning("nudge_failed", task=task_name, error=repr(error), **ids)


@cache
def _doorbell() -> Connection:
    """A connection of its own: the worker's waits as long as it must, this one gives up at once."""
    return current_app.connection_for_write(transport_options=_PATIENCE)


# A child of a process that has rung must not share its sockets.
os.register_at_fork(after_in_child=_doorbell.cache_clear)
