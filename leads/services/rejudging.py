"""After a new version took effect, every lead that is marketing's is judged by it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from leads.models import DefinitionVersion, Lead
from leads.rules.stages import JUDGED_STAGES
from leads.services import judging

BATCH = 2000


def judge_anew(*, now: datetime) -> int:
    """Judge the leads whose verdict is not by the version in force; returns how many.

    Runs in batches of its own transactions, so it can be killed and called again at any time; a pass that finds nothing
    ends the work, and until then every tick of the minute looks again.
    """
    version = judging.version_in_force()
    if version is None or version.judged_anew_at is not None:
        return 0
    stale = Lead.objects.in_stage(*JUDGED_STAGES).filter(Q(verdict=None) | ~Q(verdict__version=version))
    judged, last = 0, 0
    while ids := list(stale.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        judging.judge(lead_ids=ids, now=now)
        judged, last = judged + len(ids), ids[-1]
    if not judged:
        DefinitionVersion.objects.filter(pk=version.pk).update(judged_anew_at=now)
    return judged
