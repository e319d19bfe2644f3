"""The work on files: what waits is claimed, checked, taken or taken back; progress is written with what it counts."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from alignment.kernel import tables
from alignment.kernel.errors import DomainError, InvalidInput
from alignment.kernel.failpoints import failpoint
from leads.models import ImportJob, ImportPiece, ImportRemark
from leads.rules import mappings
from leads.selectors.custom_fields import known
from leads.services.importing import engine, undoing
from leads.services.importing.result import EXAMPLES, Example, ImportResult, Remark

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""How many are worked on at a time: the workers of the queue are a process more, so that they never look dead."""

MOST_REMARKS = 1000
"""Of each kind of remark on rows that are taken all the same, so many are kept; all are counted."""

State = ImportJob.State
Clock = Callable[[], datetime]
"""Work takes time: each step of it asks what time it is."""


class _Lost(Exception):
    """Another worker has the job by now."""


class _Cancelled(Exception):
    """Nobody wants the job any more."""


def take_waiting(*, clock: Clock) -> int:
    """Work on what waits, one job after the other; returns how many were brought to an end.

    Called every minute and after each order, by any number of workers: a job is one worker's while its claim runs.
    """
    ended = 0
    while job := _claim(clock()):
        ended += _work(job, clock)
    return ended


@contextmanager
def content(job: ImportJob) -> Iterator[tables.Binary]:
    """The file of a job, on the disk of this machine for as long as it is read."""
    with tempfile.TemporaryFile() as file:
        for pk in list(job.pieces.order_by("number").values_list("pk", flat=True)):
            file.write(ImportPiece.objects.values_list("content", flat=True).get(pk=pk))
        file.seek(0)
        yield file


def _claim(now: datetime) -> ImportJob | None:
    sql = """
        UPDATE leads_importjob SET claimed_until = %(until)s, attempts = attempts + 1,
            started_at = coalesce(started_at, %(now)s)
        WHERE id = (
            SELECT id FROM leads_importjob
            WHERE state IN ('checking', 'running', 'undoing') AND (claimed_until IS NULL OR claimed_until < %(now)s)
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
    return ImportJob.objects.select_related("actor", "undone_by").get(pk=row[0]) if row else None


def _work(job: ImportJob, clock: Clock) -> bool:
    """Go on with a claimed job; true when it came to an end."""
    with translation.override((job.undone_by or job.actor).language):
        try:
            _check_claim(job)
            if job.state == State.UNDOING:
                _undo(job, clock)
            else:
                _take(job, clock)
        except _Lost:
            return False
        except _Cancelled:
            stop(job, now=clock())
        except DomainError as error:
            end(job, State.FAILED, now=clock(), fault=str(error.message))
        except Exception as error:  # the claim runs out, and another worker goes on; one bad file stops no other
            log.exception("import_interrupted", job_id=job.pk, error=repr(error))
            return False
    return True


def _check_claim(job: ImportJob) -> None:
    if job.is_cancel_asked:
        raise _Cancelled
    if job.attempts > ImportJob.MAX_ATTEMPTS:
        raise InvalidInput(_("Given up: whoever worked on this file stopped each time at the same place."))
    if job.state == State.UNDOING:
        return
    if not job.actor.is_active:
        raise InvalidInput(_("Whoever brought this file has left. Bring it anew."))
    engine.require(actor=job.actor, kind=job.kind)
    if not job.pieces.exists():
        message = _("Whoever read this file stopped half-way. Bring it again: what was taken is recognised.")
        raise InvalidInput(message)


def _take(job: ImportJob, clock: Clock) -> None:
    rehearse = job.state == State.CHECKING
    plan = mappings.parse(job.mapping, kind=job.kind, fields=known())
    with content(job) as file:

        def record(part: ImportResult) -> None:
            _record(job, part, now=clock())
            failpoint("imports.part")

        engine.take(
            table=engine.opened(file, plan, file_name=job.file_name),
            plan=plan,
            job=job,
            actor=job.actor,
            now=job.started_at or clock(),
            record=record,
            beat=lambda: _beat(job, clock()),
            place=lambda: _place(file, job),
            rehearse=rehearse,
            after=job.done_rows,
        )
    end(job, State.CHECKED if rehearse else State.DONE, now=clock())


def _undo(job: ImportJob, clock: Clock) -> None:
    assert job.undone_by is not None

    def record(counts: dict[str, int]) -> None:
        _write_progress(job, counts, now=clock())
        failpoint("imports.undone")

    undoing.take_back(job=job, actor=job.undone_by, clock=clock, record=record)
    end(job, State.UNDONE, now=clock())


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


def _record(job: ImportJob, part: ImportResult, *, now: datetime) -> None:
    """Write progress with the part that it counts, if the job is still ours and wanted; renew the claim."""
    refused = [_remark(job, remark, is_refusal=True, cells=cells) for remark, cells in part.refused]
    remarks = Counter(job.remark_counts)
    warned = []
    for remark in part.warnings:
        remarks[remark.code] += 1
        if remarks[remark.code] <= MOST_REMARKS:
            warned.append(_remark(job, remark, is_refusal=False))
    ImportRemark.objects.bulk_create([*refused, *warned], batch_size=1000)
    progress = {
        "notes": [*job.notes, *(note for note in part.notes if note not in job.notes)],
        "remark_counts": dict(remarks),
        "examples": _with_examples(job.examples, part.examples),
        "done_rows": job.done_rows + part.rows,
        "done_bytes": part.read,
    }
    _write_progress(job, part.counts(), now=now, **progress)


def _with_examples(kept: dict[str, list[Any]], more: list[Example]) -> dict[str, list[Any]]:
    """The first few rows of each outcome."""
    found = {outcome: list(rows) for outcome, rows in kept.items()}
    for example in more:
        rows = found.setdefault(example.outcome, [])
        if len(rows) < EXAMPLES:
            rows.append(example.as_json())
    return found


def _write_progress(job: ImportJob, counts: dict[str, int], *, now: datetime, **progress: Any) -> None:
    """Add to what was counted so far, if the job is still ours and wanted; renew the claim."""
    progress |= {
        "counts": job.counts | {name: job.counts.get(name, 0) + count for name, count in counts.items()},
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


def stop(job: ImportJob, *, now: datetime) -> None:
    """Nobody wants it any more: what is taken, or taken back, stays so."""
    end(job, _STOPPED[State(job.state)], now=now)


_STOPPED = {State.CHECKING: State.DRAFT, State.RUNNING: State.CANCELLED, State.UNDOING: State.UNDONE}


def end(job: ImportJob, state: State, *, now: datetime, fault: str = "") -> None:
    """The job is worked on no more; what is taken back has ended when it was taken."""
    told: dict[str, Any] = {"finished_at": now}
    if job.state == State.UNDOING:
        told = {"counts": job.counts | {"kept": undoing.left(job)}}
    _ours(job).update(state=state, claimed_until=None, is_cancel_asked=False, fault=fault, **told)
