"""Files that are brought in the portal: kept, set up, checked, taken. What is at work is a row that a worker claims.

A check is the run itself, undone part by part: what it counts is what the run will do, as long as nobody else changes
the records in between.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

import structlog
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel import tables
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed
from alignment.kernel.failpoints import failpoint
from alignment.kernel.locks import locked
from alignment.kernel.queue import nudge
from leads.models import ImportJob, ImportPiece, ImportRemark
from leads.rules import columns, mappings
from leads.rules.columns import Proposal
from leads.rules.fields import Field
from leads.selectors.custom_fields import known
from leads.services.importing import engine, reading
from leads.services.importing.result import ImportResult, Remark

log = structlog.get_logger(__name__)

MB = 1024 * 1024
PIECE = MB
LARGEST = tables.LARGEST
AT_ONCE = 2
"""How many are worked on at a time: the workers of the queue are a process more, so that they never look dead."""
LOOKED_AT = 2000
"""Rows from whose values the columns are proposed; the check looks at all of them."""
KEEP_FILE_FOR = timedelta(days=7)

State = ImportJob.State
Clock = Callable[[], datetime]
"""Work takes time: each step of it asks what time it is."""


class NotInThisState(DomainError):
    """The import is at another step by now."""

    code = "import_state"
    status = 409


class _Lost(Exception):
    """Another worker has the job by now."""


class _Cancelled(Exception):
    """Nobody wants the job any more."""


@transaction.atomic
def start(*, kind: str, file: BinaryIO, file_name: str, actor: User, now: datetime) -> ImportJob:
    """Keep a file, so that any worker can read it. Raises ``InvalidInput`` for one that no table can be in."""
    actor.require(Permission.IMPORT_RECORDS)
    if kind not in engine.KINDS:
        raise InvalidInput(_("Choose what the file holds."), field="kind")
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


def outline(job: ImportJob, *, given: tables.Given) -> Outline:
    """Propose how a file is to be read. Raises ``InvalidInput`` where it is no table as it is given."""
    with content(job) as file:
        found = tables.understand(file, file_name=job.file_name, given=given)
        filled = [cells for _number, cells in reading.filled(tables.rows(file, found.reading), limit=LOOKED_AT)]
    if not filled:
        raise InvalidInput(_("The file is empty."), field="file")
    headers = [header.strip() for header in filled[0]]
    fields = known().offered if job.kind == "leads" else []
    return Outline(found, columns.propose(headers, filled[1:], kind=job.kind, custom=fields), fields)


@transaction.atomic
def set_up(*, job_id: int, mapping: dict[str, Any], actor: User, now: datetime) -> ImportJob:
    """Say which column is what. Raises ``InvalidInput`` with the path of what does not fit the file."""
    actor.require(Permission.IMPORT_RECORDS)
    job = _in_state(job_id, actor, State.DRAFT, State.CHECKED)
    plan = mappings.parse(mapping, kind=job.kind, fields=known())
    with content(job) as file:
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


@transaction.atomic
def cancel(*, job_id: int, actor: User, now: datetime) -> None:
    """Stop at the next part. What is taken stays; a check goes back to being set up; what has not begun is dropped."""
    actor.require(Permission.IMPORT_RECORDS)
    job = _in_state(job_id, actor, State.DRAFT, State.CHECKED, *ImportJob.AT_WORK)
    is_claimed = job.claimed_until is not None and job.claimed_until >= now
    if job.state in ImportJob.AT_WORK and is_claimed:
        ImportJob.objects.filter(pk=job_id).update(is_cancel_asked=True)
    elif job.state in ImportJob.AT_WORK:
        _stop(job, now)
    else:
        job.counts, job.done_rows = {}, 0  # a check has counted what is not to be
        job.save(update_fields=["counts", "done_rows"])
        _end(job, State.CANCELLED, now)
    nudge("leads.take_imports")


def take_waiting(*, clock: Clock) -> int:
    """Work on what waits, one job after the other; returns how many were brought to an end.

    Called every minute and after each order, by any number of workers: a job is one worker's while its claim runs.
    """
    ended = 0
    while job := _claim(clock()):
        ended += _work(job, clock)
    return ended


def prune(*, now: datetime) -> int:
    """Drop the files of jobs that ended, or that nobody went on with, long ago; returns how many jobs had one."""
    long_ago = now - KEEP_FILE_FOR
    old = ImportJob.objects.filter(Q(finished_at__lt=long_ago) | Q(finished_at=None, at__lt=long_ago))
    found = old.exclude(state__in=ImportJob.AT_WORK).filter(pieces__isnull=False).distinct()
    return sum(1 for job in found if _drop(job, now))


@transaction.atomic
def _drop(job: ImportJob, now: datetime) -> bool:
    """Forget the file, and of refused rows all but the reason; what was set up and never taken is over."""
    current = locked(ImportJob.objects.filter(pk=job.pk))
    if current is None or current.state in ImportJob.AT_WORK:
        return False
    if current.state in (State.DRAFT, State.CHECKED):
        _end(current, State.CANCELLED, now)
    current.remarks.filter(is_refusal=True).update(cells=[])
    current.pieces.all().delete()
    return True


@contextmanager
def content(job: ImportJob) -> Iterator[tables.Binary]:
    """The file of a job, on the disk of this machine for as long as it is read."""
    with tempfile.TemporaryFile() as file:
        for pk in list(job.pieces.order_by("number").values_list("pk", flat=True)):
            file.write(ImportPiece.objects.values_list("content", flat=True).get(pk=pk))
        file.seek(0)
        yield file


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
        fault="",
        is_cancel_asked=False,
        claimed_until=None,
        attempts=0,
        started_at=None,
        finished_at=None,
    )
    nudge("leads.take_imports")


def _claim(now: datetime) -> ImportJob | None:
    sql = """
        UPDATE leads_importjob SET claimed_until = %(until)s, attempts = attempts + 1,
            started_at = coalesce(started_at, %(now)s)
        WHERE id = (
            SELECT id FROM leads_importjob
            WHERE state IN ('checking', 'running') AND (claimed_until IS NULL OR claimed_until < %(now)s)
            ORDER BY at, id LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        AND %(at_once)s > (
            SELECT count(*) FROM leads_importjob AS busy
            WHERE claimed_until >= %(now)s AND EXISTS (SELECT FROM leads_importpiece WHERE job_id = busy.id)
        )
        RETURNING id
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('claim an import', 0))")  # or two count the same
        cursor.execute(sql, {"now": now, "until": now + ImportJob.LEASE, "at_once": AT_ONCE})
        row = cursor.fetchone()
    return ImportJob.objects.select_related("actor").get(pk=row[0]) if row else None


def _work(job: ImportJob, clock: Clock) -> bool:
    """Go on with a claimed job; true when it came to an end."""
    with translation.override(job.actor.language):
        try:
            _check_claim(job)
            _take(job, clock)
        except _Lost:
            return False
        except _Cancelled:
            _stop(job, clock())
        except DomainError as error:
            _end(job, State.FAILED, clock(), fault=str(error.message))
        except Exception as error:  # the claim runs out, and another worker goes on; one bad file stops no other
            log.exception("import_interrupted", job_id=job.pk, error=repr(error))
            return False
    return True


def _check_claim(job: ImportJob) -> None:
    if job.is_cancel_asked:
        raise _Cancelled
    if not job.actor.is_active:
        raise InvalidInput(_("Whoever brought this file has left. Bring it anew."))
    job.actor.require(Permission.IMPORT_RECORDS)
    if not job.pieces.exists():
        message = _("Whoever read this file stopped half-way. Bring it again: what was taken is recognised.")
        raise InvalidInput(message)
    if job.attempts > ImportJob.MAX_ATTEMPTS:
        raise InvalidInput(_("Given up: whoever worked on this file stopped each time at the same place."))


def _take(job: ImportJob, clock: Clock) -> None:
    rehearse = job.state == State.CHECKING
    plan = mappings.parse(job.mapping, kind=job.kind, fields=known())
    with content(job) as file:

        def record(part: ImportResult) -> None:
            _record(job, part, read=_place(file, job), now=clock())
            failpoint("imports.part")

        engine.take(
            table=engine.opened(file, plan, file_name=job.file_name),
            plan=plan,
            job=job,
            actor=job.actor,
            now=job.started_at or clock(),
            record=record,
            beat=lambda: _beat(job, clock()),
            rehearse=rehearse,
            after=job.done_rows,
        )
    _end(job, State.CHECKED if rehearse else State.DONE, clock())


def _place(file: tables.Binary, job: ImportJob) -> int:
    """How far the file has been read; whoever reads ahead closes it at its end."""
    try:
        return file.tell()
    except ValueError:
        return job.size


def _beat(job: ImportJob, now: datetime) -> None:
    """Renew the claim, if it is still ours."""
    until = now + ImportJob.LEASE
    if not _ours(job).update(claimed_until=until):
        raise _Lost
    job.claimed_until = until


def _record(job: ImportJob, part: ImportResult, *, read: int, now: datetime) -> None:
    """Write progress with the part that it counts, if the job is still ours and wanted; renew the claim."""
    refused = [_remark(job, remark, is_refusal=True, cells=cells) for remark, cells in part.refused]
    warned = [_remark(job, remark, is_refusal=False) for remark in part.warnings]
    ImportRemark.objects.bulk_create([*refused, *warned], batch_size=1000)
    counts = {name: job.counts.get(name, 0) + count for name, count in part.counts().items()}
    progress = {
        "counts": counts,
        "notes": [*job.notes, *(note for note in part.notes if note not in job.notes)],
        "done_rows": job.done_rows + part.rows,
        "done_bytes": read,
        "claimed_until": now + ImportJob.LEASE,
        "attempts": 0,
    }
    if not _ours(job).update(**progress):
        raise _Lost
    if ImportJob.objects.filter(pk=job.pk, is_cancel_asked=True).exists():
        raise _Cancelled
    for name, value in progress.items():
        setattr(job, name, value)


def _remark(job: ImportJob, remark: Remark, *, is_refusal: bool, cells: list[str] | None = None) -> ImportRemark:
    storable = [cell.replace("\x00", "\N{REPLACEMENT CHARACTER}") for cell in cells or []]
    return ImportRemark(
        job=job, row=remark.row, is_refusal=is_refusal, code=remark.code, message=remark.message, cells=storable
    )


def _ours(job: ImportJob) -> QuerySet[ImportJob]:
    """The job, unless another worker has claimed it since."""
    return ImportJob.objects.filter(pk=job.pk, state=job.state, claimed_until=job.claimed_until)


def _stop(job: ImportJob, now: datetime) -> None:
    _end(job, State.DRAFT if job.state == State.CHECKING else State.CANCELLED, now)


def _end(job: ImportJob, state: State, now: datetime, *, fault: str = "") -> None:
    _ours(job).update(state=state, finished_at=now, claimed_until=None, is_cancel_asked=False, fault=fault)
