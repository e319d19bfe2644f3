"""The Celery app and, in one table, everything that beat ticks.

Beat only ticks; what is due is decided by the database, so a tick lost while Redis is down costs a minute.
Tasks acknowledge early and never carry an ETA or a retry countdown: the next attempt is a column.
"""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alignment.settings.dev")

app = Celery("alignment")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

MINUTE = 60.0

app.conf.beat_schedule = {
    "health.pulse": {"task": "health.pulse", "schedule": 20.0},
    "health.tidy": {"task": "health.tidy", "schedule": 60 * MINUTE},
    "outbox.sweep": {"task": "outbox.sweep", "schedule": MINUTE},
    "outbox.prune": {"task": "outbox.prune", "schedule": 60 * MINUTE},
    "leads.activate_due_versions": {"task": "leads.activate_due_versions", "schedule": MINUTE},
    "handoff.scan_clocks": {"task": "handoff.scan_clocks", "schedule": MINUTE},
    "handoff.return_due_leads": {"task": "handoff.return_due_leads", "schedule": MINUTE},
    "reviews.build_due_reviews": {"task": "reviews.build_due_reviews", "schedule": MINUTE},
}
