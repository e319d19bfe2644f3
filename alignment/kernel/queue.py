"""The doorbell: wake a worker after the commit. What must be done is a row; a lost ring costs one sweep."""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)


def nudge(task_name: str, **ids: int | str) -> None:
    """Ring for ``task_name`` with ``ids`` once the surrounding transaction has committed.

    Never raises and never waits longer than the broker's short socket timeouts: a dead or frozen broker must not
    fail the request whose change is already committed. The sweep of the minute finds what a lost ring left behind.
    """

    def ring() -> None:
        try:
            current_app.send_task(task_name, kwargs=ids, retry=False)
        except Exception as error:  # noqa: BLE001 - any broker fault whatever costs only the early wake-up
            log.warning("nudge_failed", task=task_name, error=repr(error), **ids)

    transaction.on_commit(ring, robust=True)
