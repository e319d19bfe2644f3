"""What has been brought in."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count

from alignment.health.metrics import figure
from leads.models import ImportRun


@figure("import_runs", "Imports that ended well.", label="kind")
def runs_by_kind(_now: datetime) -> dict[str, int]:
    """How many imports ended well, by what they brought; one that failed leaves nothing behind."""
    return dict(ImportRun.objects.order_by("kind").values_list("kind").annotate(Count("pk")))
