"""What workers do for leads: ids in, one call, result out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from leads.services import company_duplicates, definitions, duplicates, rejudging
from leads.services.importing import jobs, work

TWO_DAYS = timedelta(days=2)
SIX_HOURS = 6 * 60 * 60


@shared_task(name="leads.activate_due_versions")
def activate_due_versions(**_future: Any) -> int:
    """Every minute: put in force what is due, and go on judging anew where that is not finished."""
    return definitions.activate_due_versions(now=timezone.now())


@shared_task(name="leads.judge_anew")
def judge_anew(**_future: Any) -> int:
    """Right after a version took effect."""
    return rejudging.judge_anew(now=timezone.now())


@shared_task(name="leads.take_imports", soft_time_limit=SIX_HOURS, time_limit=SIX_HOURS + 60)
def take_imports(**_future: Any) -> int:
    """Every minute and after each order: check and take the files that wait. A claim, not a time limit, guards it."""
    return work.take_waiting(clock=timezone.now)


@shared_task(name="leads.find_duplicates")
def find_duplicates(**_future: Any) -> int:
    """Once a day: look at the leads that came in lately, together with all others, and at all companies."""
    now = timezone.now()
    company_duplicates.look_through(now=now)
    return duplicates.look_through(since=now - TWO_DAYS, now=now)


@shared_task(name="leads.prune_imports")
def prune_imports(**_future: Any) -> int:
    """Once an hour: drop files that nobody needs any more, and what only an undo needs."""
    return jobs.prune(now=timezone.now())
