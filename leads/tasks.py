"""What workers do for leads: ids in, one call, result out."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from leads.services import definitions, rejudging


@shared_task(name="leads.activate_due_versions")
def activate_due_versions(**_future: Any) -> int:
    """Every minute: put in force what is due, and go on judging anew where that is not finished."""
    return definitions.activate_due_versions(now=timezone.now())


@shared_task(name="leads.judge_anew")
def judge_anew(**_future: Any) -> int:
    """Right after a version took effect."""
    return rejudging.judge_anew(now=timezone.now())
