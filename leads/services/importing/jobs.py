"""Files that are brought in the portal: kept, set up, checked, taken. What is at work is a row that a worker claims.

A check is the run itself, undone part by part: what it counts is what the run will do, as long as nobody else changes
the records in between.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel import tables
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed
from alignment.kernel.locks import locked
from alignment.kernel.queue import nudge
from leads.models import ImportJob, ImportPiece
from leads.rules import columns, mappings
from leads.rules.columns import Proposal
from leads.rules.fields import Field
from leads.selectors import mappings as mapping_selectors
from leads.selectors.custom_fields import known
from leads.selectors.mappings import Likeness
from leads.services.importing import engine, reading, undoing, work

MB = 1024 * 1024
PIECE = MB
LARGEST = tables.LARGEST
LOOKED_AT = 2000
"""Rows from whose values the columns are proposed; the check looks at all of them."""
LINES_SHOWN = 6
KEEP_FILE_FOR = timedelta(days=7)

State = ImportJob.State


class NotInThisState(DomainError):
    """The import is at another step by now."""

    code = "import_state"
    status = 409


@transaction.atomic
def start(*, kind: str, file: BinaryIO, file_name: str, actor: User, now: datetime) -> ImportJob:
    """Keep a file, so that any worker can read it. Raises ``InvalidInput`` for one that no table can be in."""
    actor.require(Permission.IMPORT_RECORDS)
    if kind not in engine.KINDS:
        raise InvalidInput(_("Choose what the file holds."), field="kind")
    engine.require(actor=actor, kind=kind)
    job = ImportJob.objects.create(kind=kind, file_name=file_name[:300], sha256="", actor=actor, at=now)
    digest = hashlib.sha256()
    for number, piece in enumerate(iter(lambda: file.read(PIECE), b"")):
        job.size += len(piece)
        if job.size > LARGEST:
            message = _("The file is larger than %(max)d MB. Split it and import the parts.")
            raise InvalidInput(message % {"max": LARGEST // MB}, field="file")
        digest.update(piece)
        ImportPiece.objects.create(job=job, number=number, content=piece)
    if not job.size:
        raise InvalidInput(_("The file is empty."), field="file")
    job.sha256 = digest.hexdigest()
    job.save(update_fields=["size", "sha256"])
    return job


@dataclass(frozen=True)
class Outline:
    """What a file seems to hold: how it is read, and for every column what it may be."""

    understanding: tables.Understanding
    columns: list[Proposal]
    custom: list[Field]
    """The fields that admins made and a column may be."""
    likeness: Likeness
    lines: list[str]
    """The first ones as they stand; none of a workbook, whose cells stand in no line."""


def outline(job: ImportJob, *, given: tables.Given, like: str = "") -> Outline:
    """Propose how a file is to be read, its columns ``like`` one of the likenesses that there are (see
    ``leads.selectors.mappings``). Raises ``InvalidInput`` where it is no table as it is given."""
    with work.content(job) as file:
        found = tables.understand(file, file_name=job.file_name, given=given)
        filled = [cells for _number, cells in reading.filled(tables.rows(file, found.reading), limit=LOOKED_AT)]
        encoding = found.reading.encoding
        lines = tables.first_lines(file, encoding=encoding, count=LINES_SHOWN) if encoding else []
    if not filled:
        raise InvalidInput(_("The file is empty."), field="file")
    headers = [header.strip() for header in filled[0]]
    fields = known().offered if job.kind == "leads" else []
    likeness = mapping_selectors.likeness(headers, kind=job.kind, asked=like)
    named = likeness.preset.fields if likeness.preset else {}
    proposals = columns.propose(headers, filled[1:], kind=job.kind, custom=fields, named=named)
    return Outline(found, proposals, fields, likeness, lines)


@transaction.atomic
def set_up(*, job_id: int, mapping: dict[str, Any], actor: User, now: datetime) -> ImportJob:
    """Say which column is what. Raises ``InvalidInput`` with the path of what does not fit the file."""
    actor.require(Permission.IMPORT_RECORDS)
    job = _in_state(job_id, actor, State.DRAFT, State.CHECKED)
    plan = mappings.parse(mapping, kind=job.kind, fields=known())
    with work.content(job) as file:
        job.headers = reading.header(engine.opened(file, plan, file_name=job.file_name), plan)
    job.source_system, job.mapping, job.state = plan.system, mapping, State.DRAFT
    job.save(update_fields=["source_system", "mapping", "headers", "state"])
    return job


def check(*, job_id: int, actor: User, now: datetime) -> None:
    """Find out what would become of every row; a worker does it."""
    _put_to_work(job_id, State.CHECKING, actor, State.DRAFT, State.CHECKED)


def run(*, job_id: int, actor: User, now: datetime) -> None:
    """Take the rows; a worker does it. Only what was checked is taken."""
    _put_to_work(job_id, State.RUNNING, actor, State.CHECKED)


def may_undo(job: ImportJob, *, actor: User) -> bool:
    """Whoever brought it, or who sees to the operation."""
    is_theirs = job.actor_id == actor.pk and engine.may_bring(actor=actor, kind=job.kind)
    return is_theirs or actor.may(Permission.SEE_OPERATIONS)


def why_it_stays(job: ImportJob, *, now: datetime) -> str:
    """Why an import that has ended cannot be taken back; empty where it can."""
    if not job.is_noted:
        return _("This import was taken by a version that did not note yet what such files change. It stays.")
    if job.is_undoable(now=now):
        return ""
    if job.is_gone:
        return _("Nothing of this import is left to take back.")
    return _("An import can be taken back within %(days)d days after its end.") % {"days": ImportJob.UNDO_FOR.days}


@transaction.atomic
def undo(*, job_id: int, actor: User, now: datetime) -> None:
    """Take an import back, as far as nothing else has happened since; a worker does it.

    Whoever brought it may do so, or who sees to the operation, for ``ImportJob.UNDO_FOR`` after its end.
    """
    job = locked(ImportJob.objects.filter(pk=job_id))
    if job is not None and not may_undo(job, actor=actor):
        raise NotAllowed(_("Whoever brought this file takes it back, or a manager or an admin."))
    if job is None or job.state not in ImportJob.ENDED:
        raise NotInThisState(_("This import is at another step by now."))
    if why := why_it_stays(job, now=now):
        raise InvalidInput(why)
    counts = {"undone": 0, "restored": 0} | job.counts
    asked = {"state": State.UNDOING, "undone_by": actor, "counts": counts, "fault": ""}
    ImportJob.objects.filter(pk=job_id).update(claimed_until=None, is_cancel_asked=False, attempts=0, **asked)
    nudge("leads.take_imports")


@transaction.atomic
def cancel(*, job_id: int, actor: User, now: datetime) -> None:
    """Stop at the next part. What is taken stays; a check goes back to being set up; what has not begun is dropped."""
    actor.require(Permission.IMPORT_RECORDS)
    job = _in_state(job_id, actor, State.DRAFT, State.CHECKED, *ImportJob.AT_WORK)
    is_claimed = job.claimed_until is not None and job.claimed_until >= now
    if job.state in ImportJob.AT_WORK and is_claimed:
        ImportJob.objects.filter(pk=job_id).update(is_cancel_asked=True)
    elif job.state in ImportJob.AT_WORK:
        work.stop(job, now=now)
    else:
        job.counts, job.done_rows = {}, 0  # a check has counted what is not to be
        job.save(update_fields=["counts", "done_rows"])
        work.end(job, State.CANCELLED, now=now)
    nudge("leads.take_imports")


def prune(*, now: datetime) -> int:
    """Drop the files of jobs that ended, or that nobody went on with, long ago; returns how many jobs had one.

    What only an undo needs is dropped when none is possible any more.
    """
    undoing.forget_changes(now=now)
    long_ago = now - KEEP_FILE_FOR
    old = ImportJob.objects.filter(Q(finished_at__lt=long_ago) | Q(finished_at=None, at__lt=long_ago))
    found = old.exclude(state__in=ImportJob.AT_WORK).filter(pieces__isnull=False).distinct()
    return sum(1 for job in found if _drop(job, now))


@transaction.atomic
def _drop(job: ImportJob, now: datetime) -> bool:
    """Forget the file, the examples and the cells of refused rows; what was set up and never taken is over."""
    current = locked(ImportJob.objects.filter(pk=job.pk))
    if current is None or current.state in ImportJob.AT_WORK:
        return False
    if current.state in (State.DRAFT, State.CHECKED):
        work.end(current, State.CANCELLED, now=now)
    current.remarks.filter(is_refusal=True).update(cells=[])
    current.pieces.all().delete()
    ImportJob.objects.filter(pk=job.pk).update(examples={})
    return True


def _in_state(job_id: int, actor: User, *states: State) -> ImportJob:
    """The job under lock. Records and events name who brought the file: nobody else goes on with it."""
    job = locked(ImportJob.objects.filter(pk=job_id), "actor")
    if job is not None and job.actor_id != actor.pk:
        raise NotAllowed(_("%(name)s brought this file and goes on with it.") % {"name": job.actor.full_name})
    if job is None or job.state not in states:
        raise NotInThisState(_("This import is at another step by now."))
    return job


@transaction.atomic
def _put_to_work(job_id: int, state: State, actor: User, *before: State) -> None:
    actor.require(Permission.IMPORT_RECORDS)
    job = _in_state(job_id, actor, *before)
    if not job.mapping:
        raise NotInThisState(_("Say first which column is what."))
    job.remarks.all().delete()
    ImportJob.objects.filter(pk=job_id).update(
        state=state,
        done_rows=0,
        done_bytes=0,
        counts={},
        notes=[],
        examples={},
        remark_counts={},
        fault="",
        is_cancel_asked=False,
        claimed_until=None,
        attempts=0,
        started_at=None,
        finished_at=None,
    )
    nudge("leads.take_imports")
