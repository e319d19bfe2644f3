"""What beat ticks; the database says what is due."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from handoff.services import clocks, recycling


@shared_task(name="handoff.scan_clocks")
def scan_clocks(**_future: object) -> int:
    """Record what has run out."""
    return clocks.scan(now=timezone.now())


@shared_task(name="handoff.return_due_leads")
def return_due_leads(**_future: object) -> int:
    """Give leads whose date has come back to marketing."""
    return recycling.return_due_leads(now=timezone.now())
