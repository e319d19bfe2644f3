"""What beat ticks."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from alignment.health import checks, services


@shared_task(name="health.pulse")
def pulse(**_future: object) -> None:
    """Show that a worker takes tasks and reaches the database."""
    services.note(checks.WORKER, now=timezone.now())


@shared_task(name="health.tidy")
def tidy(**_future: object) -> int:
    """Once an hour: delete what has expired."""
    return services.tidy(now=timezone.now())
