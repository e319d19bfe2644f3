"""The Celery app and, in one table, everything that beat ticks.

Beat only ticks; what is due is decided by the database, so a tick lost while Redis is down costs a minute.
Tasks acknowledge early and never carry an ETA or a retry countdown: the next attempt is a column.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alignment.settings.dev")

app = Celery("alignment")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

MINUTE = 60.0
HOUR = 60 * MINUTE
EXPIRES = 10 * MINUTE
"""A tick is of no use after this time: workers that were off over a weekend meet ten minutes of ticks, not days."""


def _tick(task: str, *, every: float) -> dict[str, Any]:
    return {"task": task, "schedule": every, "options": {"expires": EXPIRES}}


app.conf.beat_schedule = {
    "health.tidy": _tick("health.tidy", every=HOUR),
    "programs.sweep": _tick("programs.sweep", every=HOUR),
    "outbox.sweep": _tick("outbox.sweep", every=MINUTE),
    "outbox.prune": _tick("outbox.prune", every=HOUR),
    "leads.activate_due_versions": _tick("leads.activate_due_versions", every=MINUTE),
    "leads.take_imports": _tick("leads.take_imports", every=MINUTE),
    "leads.prune_imports": _tick("leads.prune_imports", every=HOUR),
    "leads.find_duplicates": _tick("leads.find_duplicates", every=24 * HOUR),
    "handoff.scan_clocks": _tick("handoff.scan_clocks", every=MINUTE),
    "handoff.return_due_leads": _tick("handoff.return_due_leads", every=MINUTE),
    "reviews.build_due_reviews": _tick("reviews.build_due_reviews", every=MINUTE),
}
