"""Ids in, one call, result out."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from alignment.outbox import services


@shared_task(name="outbox.send_notice")
def send_notice(*, notice_id: int, **_future: object) -> bool:
    """Send one notice if nobody else has it."""
    claimed = services.claim(now=timezone.now(), limit=1, notice_id=notice_id)
    return any(services.deliver(notice) for notice in claimed)


@shared_task(name="outbox.sweep")
def sweep(**_future: object) -> int:
    """Send all that is due."""
    return services.sweep(now=timezone.now())


@shared_task(name="outbox.prune")
def prune(**_future: object) -> int:
    """Once an hour: delete what left long ago."""
    return services.prune(now=timezone.now())
