"""An import is taken back: the leads that it made no longer count, and what it changed is as it was.

Only where nothing else has happened since: a lead that somebody touched, worked on, changed or handed over stays, and
so does a fact that was changed again. Nothing is deleted but what was remembered of the rows, so that the same file can
be brought anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from alignment.accounts.models import User
from alignment.kernel import history
from alignment.kernel.locks import locked_all
from leads.models import ExternalId, ImportChange, ImportedRow, ImportJob, Lead, LeadEvent
from leads.rules.stages import JUDGED_STAGES, LeadEventKind
from leads.selectors.imports import changed_by, untouched
from leads.services import judging, snapshots

PART = 2000
_LAST = 2**63 - 1
Noted = tuple[str, int, dict[str, Any] | None]
"""The id of a row, its lead, and what was remembered of the row before."""
Record = Callable[[dict[str, int]], None]
"""Is told what came of a part, in its transaction."""


def note(*, job: ImportJob, was: dict[int, snapshots.Snapshot], rows: Iterable[Noted]) -> None:
    """Keep what an import changed of leads that were here; ``was``: how each of them stood before."""
    leads = Lead.objects.in_bulk(was)
    changes = []
    for external_id, pk, remembered in rows:
        before, after = snapshots.differing(was[pk], snapshots.take(leads[pk]))
        changes.append(
            ImportChange(
                job=job, lead_id=pk, external_id=external_id, before=before, after=after, remembered=remembered
            )
        )
    ImportChange.objects.bulk_create(changes, batch_size=PART)


def take_back(*, job: ImportJob, actor: User, clock: Callable[[], datetime], record: Record) -> None:
    """Take back what the job made and what it changed, part by part; asked again it goes on with what is left."""
    _in_parts(lambda after: _take_back_leads(job, actor, clock(), record, after), start=0)
    _in_parts(lambda before: _put_back_changes(job, actor, clock(), record, before), start=_LAST)


def left(job: ImportJob) -> int:
    """How many of the leads that the job made, and of its changes of others, were not taken back."""
    return ImportedRow.objects.filter(kind=job.kind, made_by=job).count() + ImportChange.objects.filter(job=job).count()


def forget_changes(*, now: datetime) -> None:
    """Drop what is known of the changes of jobs that can no longer be taken back; a part at a time."""
    over = ImportJob.objects.filter(state__in=ImportJob.ENDED, finished_at__lt=now - ImportJob.UNDO_FOR)
    for job in over.filter(Exists(ImportChange.objects.filter(job=OuterRef("pk")))).order_by("pk"):
        while pks := list(job.changes.order_by("pk").values_list("pk", flat=True)[:PART]):
            ImportChange.objects.filter(pk__in=pks).delete()


def _in_parts(part: Callable[[int], int | None], *, start: int) -> None:
    """One after the other, each from the id at which the one before has ended."""
    last: int | None = start
    while last is not None:
        last = part(last)


@transaction.atomic
def _take_back_leads(job: ImportJob, actor: User, now: datetime, record: Record, after: int) -> int | None:
    rows = ImportedRow.objects.filter(kind=job.kind, made_by=job, pk__gt=after).order_by("pk")[:PART]
    ids = dict(rows.values_list("external_id", "pk"))
    if not ids:
        return None
    found = Lead.objects.filter(source_system=job.source_system, external_id__in=ids)
    locked_all(found.order_by("pk"))  # from here on nothing more happens to them
    leads = list(untouched(found))
    events = [
        LeadEvent(
            lead=lead,
            kind=LeadEventKind.TAKEN_BACK,
            old_stage=lead.stage,
            actor=actor,
            at=now,
            data={"job": job.pk, "system": lead.source_system, "id": lead.external_id},
        )
        for lead in leads
    ]
    with history.written_by(actor.pk):
        Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(
            taken_back_by=job, external_id=None, updated_at=now
        )
    LeadEvent.objects.bulk_create(events)
    ImportedRow.objects.filter(pk__in=[ids[lead.external_id or ""] for lead in leads]).delete()
    record({"undone": len(leads)})
    return max(ids.values())


@transaction.atomic
def _put_back_changes(job: ImportJob, actor: User, now: datetime, record: Record, before: int) -> int | None:
    """The last change of a lead goes first, or what it found would not be there."""
    changes = list(changed_by(job.pk).filter(pk__lt=before).order_by("-pk")[:PART])
    if not changes:
        return None
    found = Lead.objects.filter(pk__in=[change.lead_id for change in changes]).order_by("pk")
    leads = {lead.pk: lead for lead in locked_all(found, "campaign")}
    events, gone = [], []
    for change in changes:
        lead = leads.get(change.lead_id)
        if lead is None:
            continue
        was = snapshots.take(lead)
        if not snapshots.put_back(lead, before=change.before, after=change.after):
            gone.append(change)
        if told := snapshots.told(was, snapshots.take(lead)):
            data = {"job": job.pk, "system": job.source_system, "id": change.external_id, "changes": told}
            lead.updated_at = now
            events.append(LeadEvent(lead=lead, kind=LeadEventKind.TAKEN_BACK, actor=actor, at=now, data=data))
    with history.written_by(actor.pk):
        Lead.objects.bulk_update(leads.values(), [*snapshots.WRITTEN, "updated_at"], batch_size=PART)
    LeadEvent.objects.bulk_create(events)
    _forget(job, gone)
    judged = [pk for pk, lead in leads.items() if lead.stage in JUDGED_STAGES]
    judging.judge(lead_ids=judged, now=now, actor=actor)
    record({"restored": len(gone)})
    return changes[-1].pk


def _forget(job: ImportJob, changes: list[ImportChange]) -> None:
    """What was remembered of the rows is as it was, so that the same file says the same once more.

    Where another file has written through the same id since, what it said stays.
    """
    rows = ImportedRow.objects.filter(kind=job.kind, source_system=job.source_system)
    first = {change.external_id: change for change in changes}  # of two the one that was made first comes last
    others = ImportChange.objects.filter(job__source_system=job.source_system, external_id__in=first).exclude(job=job)
    for key in others.values_list("external_id", flat=True):
        first.pop(key, None)
    known = {row.external_id: row for row in rows.filter(external_id__in=first)}
    back = [row for key, row in known.items() if first[key].remembered is not None]
    for row in back:
        row.facts = first[row.external_id].remembered
    ImportedRow.objects.bulk_update(back, ["facts"], batch_size=PART)
    new = [key for key in known if first[key].remembered is None]
    rows.filter(external_id__in=new).delete()
    ExternalId.objects.filter(source_system=job.source_system, external_id__in=new).delete()
    ImportChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
