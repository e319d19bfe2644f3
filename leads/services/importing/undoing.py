"""An import is taken back: what it made no longer counts, and what it changed is as it was.

Only where nothing else has happened since (``leads.selectors.undoing`` says to what something has): a record that
somebody touched, worked on, changed or decided by stays, and so does a fact that was changed again. One order for all
kinds, part by part, each part in a transaction with what it counts, so that a killed worker loses nothing: first what
the import made (``taking_back`` says how a record of each kind goes), then what it changed of records that were here
(``putting_back``), the last change first. What was remembered of the rows is forgotten with them, so that the same file
says the same once more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects

from alignment.accounts.models import User
from alignment.kernel import history
from leads.models import ExternalId, ImportChange, ImportedRow, ImportJob
from leads.selectors.undoing import KINDS, changed_rows, changes_of, made_by, untouched
from leads.services import snapshots
from leads.services.importing import memory, putting_back, taking_back
from leads.services.importing.context import Undoing
from leads.services.importing.memory import Facts

PART = 2000
_LAST = 2**63 - 1
Noted = tuple[str, int, Facts | None]
"""The id of a row, its record, and what was remembered of the row before."""
Record = Callable[[dict[str, int]], None]
"""Is told what came of a part, in its transaction."""


def note(*, job: ImportJob, was: dict[int, snapshots.Snapshot], rows: Iterable[Noted], of: str = "lead") -> None:
    """Keep what an import changed of records that were here; ``was``: how each of them stood before, ``of``: which
    relation of ``ImportChange`` they are.

    Of rows of one record the first has all that changed, whichever of them wrote it: it goes back last, and as one.
    """
    if job.pk is None:
        return
    records = putting_back.MODELS[of]._base_manager.in_bulk(was)
    if of == "campaign":
        prefetch_related_objects(list(records.values()), "costs")
    changes, noted = [], set[int]()
    for external_id, pk, remembered in rows:
        before, after = ({}, {}) if pk in noted else snapshots.differing(was[pk], snapshots.take(records[pk]))
        noted.add(pk)
        told = {f"{of}_id": pk, "external_id": external_id, "remembered": remembered}
        changes.append(ImportChange(job=job, before=before, after=after, **told))
    ImportChange.objects.bulk_create(changes, batch_size=PART)


@contextmanager
def effects_noted(*, job: ImportJob, lead_ids: Collection[int]) -> Iterator[None]:
    """Keep what changes within it of leads that no row is about: it follows from rows of other records."""
    was = snapshots.of_leads(lead_ids)
    yield
    changed = [pk for pk, now_there in snapshots.of_leads(lead_ids).items() if now_there != was.get(pk, now_there)]
    note(job=job, was={pk: was[pk] for pk in changed}, rows=[("", pk, None) for pk in changed])


def take_back(*, job: ImportJob, actor: User, clock: Callable[[], datetime], record: Record) -> None:
    """Take back what the job made and what it changed, part by part; asked again it goes on with what is left."""

    def made(after: int) -> int | None:
        return _take_back_made(Undoing(job, actor, clock()), record, after)

    def changed(relation: str, before: int) -> int | None:
        return _put_back_changes(Undoing(job, actor, clock()), record, relation, before)

    _in_parts(made, start=0)
    for relation in putting_back.MODELS:
        _in_parts(partial(changed, relation), start=_LAST)


def left(job: ImportJob) -> int:
    """How many of the records that the job made, and of its changes of others, were not taken back."""
    return ImportedRow.objects.filter(kind=job.kind, made_by=job).count() + changed_rows(job).count()


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
def _take_back_made(undoing: Undoing, record: Record, after: int) -> int | None:
    job, kind = undoing.job, KINDS[undoing.job.kind]
    made = ImportedRow.objects.filter(kind=job.kind, made_by=job)
    rows = {kind.key_of(row): row for row in made.filter(pk__gt=after).order_by("pk")[:PART]}
    if not rows:
        return None
    found = made_by(job.kind, job.pk).filter(**{f"{kind.key}__in": list(rows)})
    with history.written_by(undoing.actor.pk, import_job=job.pk):
        taking_back.LOCKS[job.kind](found)  # from here on nothing more happens to them
        records = list(untouched(found, job).order_by("pk"))
        gone = [rows[getattr(one, kind.key)].pk for one in records]
        taking_back.KINDS[job.kind](records, undoing)
    made.filter(pk__in=gone).delete()
    record({"undone": len(gone)})
    return max(row.pk for row in rows.values())


@transaction.atomic
def _put_back_changes(undoing: Undoing, record: Record, relation: str, before: int) -> int | None:
    """The last change of a record goes first, or what it found would not be there."""
    job = undoing.job
    of_part = changes_of(job).filter(**{f"{relation}__isnull": False, "pk__lt": before})
    changes = list(of_part.order_by("-pk")[:PART])
    if not changes:
        return None
    with history.written_by(undoing.actor.pk, import_job=job.pk):
        gone = putting_back.RELATIONS[relation](changes, undoing)
    _forget(job, gone)
    record({"restored": sum(bool(change.external_id) for change in gone)})
    return changes[-1].pk


def _forget(job: ImportJob, changes: list[ImportChange]) -> None:
    """What was remembered of the rows is as it was, so that the same file says the same once more.

    Where another file has written through the same id since, what that one said stays. Only what went back is
    forgotten, also by the changes of that file: taken back itself, it must not bring it to mind again.
    """
    pks = [change.pk for change in changes]
    gone = _by_row(ImportChange.objects.filter(pk__in=pks))
    others = ImportChange.objects.filter(job__kind=job.kind, job__source_system=job.source_system).exclude(pk__in=pks)
    since = _by_row(others.filter(external_id__in=gone))
    rows = ImportedRow.objects.filter(kind=job.kind, source_system=job.source_system)
    stay, new, corrected = [], [], []
    for row in rows.filter(external_id__in=gone):
        of_row = gone[row.external_id]
        later = [change for change in since[row.external_id] if change.pk > of_row[0].pk]
        if later or of_row[0].remembered is not None:
            row.facts = _remembered_without(of_row, row.facts, later)
            stay.append(row)
            corrected += later
        else:
            new.append(row.external_id)
    ImportedRow.objects.bulk_update(stay, ["facts"], batch_size=PART)
    ImportChange.objects.bulk_update(corrected, ["remembered"], batch_size=PART)
    rows.filter(external_id__in=new).delete()
    if job.kind == ImportJob.Kind.LEADS:
        ExternalId.objects.filter(source_system=job.source_system, external_id__in=new).delete()
    ImportChange.objects.filter(pk__in=pks).delete()


def _by_row(changes: QuerySet[ImportChange]) -> defaultdict[str, list[ImportChange]]:
    """The changes of which rows have said, by the id of the row, each in the order in which they were made."""
    found = defaultdict[str, list[ImportChange]](list)
    for change in changes.exclude(external_id="").order_by("pk"):
        found[change.external_id].append(change)
    return found


def _remembered_without(gone: list[ImportChange], facts: Facts, later: list[ImportChange]) -> Facts:
    """What is remembered of a row without changes that went back, also by ``later`` ones (unsaved)."""
    was = gone[0].remembered
    if not later:
        return was or {}
    columns = {name for change in gone for name in change.before if change.before[name] != change.after[name]}
    for change in later:
        change.remembered = memory.without(change.remembered or {}, columns, was=was or {})
    later[0].remembered = was
    return memory.without(facts, columns, was=was or {})
