"""Takes a guard away, in the processes under test: each fault test must fail without the guard it is about.

FAULT_WITHOUT=sweep make fault PYTEST_ARGS="-k flushed"
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db import connection


def remove(guard: str) -> None:
    """Take one guard away; one that the settings keep is taken away there."""
    if guard in GUARDS:
        GUARDS[guard]()


def remove_from_database() -> None:
    """Take away what the database of a test guards itself, where that is asked for."""
    for guard in os.environ.get("FAULT_WITHOUT", "").split(","):
        for statement in IN_DATABASE.get(guard, ()):
            with connection.cursor() as cursor:
                cursor.execute(statement)


def _sweep() -> None:
    from alignment.celery import app

    del app.conf.beat_schedule["outbox.sweep"]


def _attempts() -> None:
    from alignment.outbox.models import Notice

    Notice.MAX_ATTEMPTS = 10**6


def _lease_end() -> None:
    """Hold a claimed notice for ever, as if it had been noted as sent before it is."""
    from alignment.outbox.models import Notice

    Notice.LEASE = timedelta(days=365)


def _stable_id() -> None:
    """Give every attempt an id of its own."""
    from alignment.outbox import mails

    true = mails.build

    def build(notice, *args):
        mail = true(notice, *args)
        mail.extra_headers["Message-ID"] = f"<{uuid.uuid4()}@testserver>"
        return mail

    mails.build = build


def _due_by_database() -> None:
    """Build a review only at the tick of the first of the month, as a line in a crontab would."""
    from reviews.selectors import due

    true = due.months_ended
    due.months_ended = lambda first, *, today: list(true(first, today=today))[-1:] if today.day == 1 else []


def _locks() -> None:
    from django.db.models import QuerySet

    QuerySet.select_for_update = lambda self, *args, **kwargs: self


def _keys() -> None:
    """Write a notice whether or not its key is there."""
    from alignment.outbox import services

    true = services.write
    services.write = lambda **fields: true(**{**fields, "key": ""})


def _lease() -> None:
    """Claim without asking whether somebody else holds the notice."""
    from django.db.models import F

    from alignment.outbox import services
    from alignment.outbox.models import Notice

    def claim(*, now, limit=50, notice_id=None):
        waiting = Notice.objects.filter(state="pending", next_at__lte=now)
        waiting = waiting.filter(pk=notice_id) if notice_id else waiting
        found = list(waiting.order_by("next_at", "pk")[:limit])
        Notice.objects.filter(pk__in=[notice.pk for notice in found]).update(attempts=F("attempts") + 1)
        return found

    services.claim = claim


def _broker_timeouts() -> None:
    from alignment.kernel import queue

    queue._PATIENCE.clear()


def _robust() -> None:
    """Let a ring that fails fail the request whose change is committed."""
    from django.db import transaction

    from alignment.kernel import queue

    true = transaction.on_commit

    def ring(task_name, ids):
        with queue.producers[queue._doorbell()].acquire(block=True, timeout=1) as producer:
            queue.current_app.send_task(task_name, kwargs=ids, producer=producer, retry=False)

    queue._ring = ring
    transaction.on_commit = lambda call, using=None, robust=False: true(call, using=using)


def _atomic() -> None:
    """Commit every statement by itself."""
    from django.db import transaction
    from django.db.models import QuerySet

    transaction.Atomic.__enter__ = lambda self: None
    transaction.Atomic.__exit__ = lambda self, *error: None
    QuerySet.select_for_update = lambda self, *args, **kwargs: self


def _import_whole() -> None:
    """Commit an import piece by piece."""
    from leads.services.importing import engine

    def in_pieces(true, rows, context):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(1)")  # the import's own lock ends with its first commit
        for start in range(0, len(rows), 500):
            true(rows[start : start + 500], context)
            connection.connection.commit()

    engine.STORES = {kind: partial(in_pieces, true) for kind, true in engine.STORES.items()}


def _honest_503() -> None:
    from alignment.kernel import outages

    outages.is_undone = lambda error: True


GUARDS: dict[str, Callable[[], None]] = {
    "sweep": _sweep,
    "attempts": _attempts,
    "lease": _lease,
    "broker_timeouts": _broker_timeouts,
    "robust": _robust,
    "atomic": _atomic,
    "lease_end": _lease_end,
    "stable_id": _stable_id,
    "due_by_database": _due_by_database,
    "locks": _locks,
    "keys": _keys,
    "import_whole": _import_whole,
    "honest_503": _honest_503,
}
IN_DATABASE = {
    "unique_review": ("ALTER TABLE reviews_review DROP CONSTRAINT review_once_per_period",),
}
