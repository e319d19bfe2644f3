"""Every lead that is marketing's is judged by the version in force: when it took effect, and as days go by."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from alignment.accounts.models import Organisation
from leads.models import DefinitionVersion, Lead
from leads.querysets import LeadQuerySet
from leads.rules.conditions import depends_on_time, parse
from leads.rules.stages import JUDGED_STAGES
from leads.selectors.vocabulary import known
from leads.services import judging

BATCH = 2000
SETTLED_AFTER = timedelta(hours=1)
"""No capture or import that began under the version before is still open after this long."""


def judge_anew(*, now: datetime) -> int:
    """Judge the leads in marketing's hands that the version in force has not judged yet; returns how many.

    Every tick of the minute looks again until nothing can come any more: a capture that was not committed when the
    version took effect is judged by the one before and found here. Later, once a day (in the organisation's zone), all
    of them are judged where a criterion counts days. Batches have transactions of their own, so it can be killed and
    called again at any time.
    """
    version = judging.version_in_force()
    if version is None or version.in_force_from is None:
        return 0
    leads = Lead.objects.in_stage(*JUDGED_STAGES)
    if version.judged_anew_at is None:
        judged = _judge(leads.filter(Q(verdict=None) | ~Q(verdict__version=version)), now)
        if not judged and now - version.in_force_from >= SETTLED_AFTER:
            _mark(version, now)
        return judged
    if not (_is_new_day(version.judged_anew_at, now) and _counts_days(version)):
        return 0
    judged = _judge(leads, now)
    _mark(version, now)
    return judged


def _judge(leads: LeadQuerySet, now: datetime) -> int:
    judged, last = 0, 0
    while ids := list(leads.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        judging.judge(lead_ids=ids, now=now)
        judged, last = judged + len(ids), ids[-1]
    return judged


def _mark(version: DefinitionVersion, now: datetime) -> None:
    DefinitionVersion.objects.filter(pk=version.pk).update(judged_anew_at=now)


def _is_new_day(last: datetime, now: datetime) -> bool:
    zone = Organisation.get().zone
    return last.astimezone(zone).date() < now.astimezone(zone).date()


def _counts_days(version: DefinitionVersion) -> bool:
    vocabulary = known()
    return any(depends_on_time(parse(line.condition, vocabulary)) for line in version.criteria.all())
