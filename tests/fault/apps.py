"""What the processes under test do otherwise than in production: nothing, unless a variable says so.

FAULT_CLOCK    seconds by which their clock is ahead
FAULT_MINUTE   seconds between two ticks of beat that are a minute apart
FAULT_LEASE    seconds for which a claimed notice is held
FAULT_WITHOUT  guards to take away, to see a test fail (see ``sabotage``)
"""

from __future__ import annotations

import os
from datetime import timedelta

from django.apps import AppConfig
from django.conf import settings
from django.utils import timezone

from alignment.celery import MINUTE, app
from tests.fault import sabotage


class FaultConfig(AppConfig):
    """Applies the variables once the apps are there."""

    name = "tests.fault"
    label = "fault"

    def ready(self) -> None:
        if ahead := os.environ.get("FAULT_CLOCK"):
            shift_clock(timedelta(seconds=float(ahead)))
        if minute := os.environ.get("FAULT_MINUTE"):
            for entry in app.conf.beat_schedule.values():
                entry["schedule"] *= float(minute) / MINUTE
        if lease := os.environ.get("FAULT_LEASE"):
            from alignment.outbox.models import Notice

            Notice.LEASE = timedelta(seconds=float(lease))
        for guard in settings.REMOVED_GUARDS:
            sabotage.remove(guard)


def shift_clock(ahead: timedelta) -> None:
    """Let Django's and Celery's clocks go ahead; that of the machine, and so every lease and timeout, stays right."""
    true_now, true_app_now = timezone.now, app.now
    timezone.now = lambda: true_now() + ahead
    app.now = lambda: true_app_now() + ahead
