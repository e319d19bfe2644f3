"""What beat ticks."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from alignment.programs import services


@shared_task(name="programs.sweep")
def sweep(**_future: object) -> int:
    """Once an hour: delete answers and counts that are of no use any more."""
    return services.sweep(now=timezone.now())
