"""One door for every file: read, understand, store, record, part by part; each part in a transaction of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.kernel import history, tables
from alignment.kernel.ahead import made_ahead
from alignment.kernel.errors import DomainError, InvalidInput
from alignment.kernel.locks import despite_deadlocks
from leads.models import ImportJob
from leads.rules import mappings
from leads.rules.mappings import Mapping
from leads.selectors.custom_fields import known
from leads.services import custom_values
from leads.services.importing import accounts, activities, campaigns, deals, lead_rows, leads, reading, touches
from leads.services.importing.context import Context, Row
from leads.services.importing.currencies import other_currency
from leads.services.importing.reading import Part
from leads.services.importing.result import ImportResult, Remark

Piece = TypeVar("Piece")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Kind:
    """How rows of one kind are taken: what a row alone tells, then what becomes of many; and who may bring them."""

    prepare: Callable[..., Iterable[Remark]]
    store: Callable[[list[Row], Context], None]
    needs: Permission = Permission.IMPORT_RECORDS


def _as_it_is(_row: Row, **_circumstances: Any) -> Iterable[Remark]:
    return ()


KINDS = {
    "leads": _Kind(lead_rows.prepare, leads.store),
    "deals": _Kind(_as_it_is, deals.store),
    "accounts": _Kind(accounts.prepare, accounts.store, Permission.EDIT_LEAD),
    "campaigns": _Kind(campaigns.prepare, campaigns.store, Permission.SUBMIT_LEAD),
    "touches": _Kind(touches.prepare, touches.store, Permission.SUBMIT_LEAD),
    "activities": _Kind(activities.prepare, activities.store, Permission.IMPORT_ACTIVITIES),
}


def may_bring(*, actor: User, kind: str) -> bool:
    """Whether this person brings files of this kind: imports at all, and writes such records."""
    return actor.may(Permission.IMPORT_RECORDS) and actor.may(KINDS[kind].needs)


def require(*, actor: User, kind: str) -> None:
    """Raises ``NotAllowed`` where they may not."""
    actor.require(Permission.IMPORT_RECORDS)
    actor.require(KINDS[kind].needs)


def run_import(
    *, kind: str, file: tables.Binary, file_name: str, mapping: Any, actor: User, now: datetime, dry_run: bool = False
) -> ImportResult:
    """Take the rows of a table as ``kind`` (a key of ``KINDS``) by ``mapping`` (see ``leads.rules.mappings``), at once.

    Rows are recognised by source system and external id (without one: by what the mapping reads in them), so the same
    file again changes nothing, also where people changed the records since. A row that cannot be taken is refused with
    a reason and the others are taken; a fault of the file or the mapping raises ``InvalidInput``. What was stored
    before such a fault, or before the machine stopped, stays: the same file again takes the rest. With ``dry_run``
    every part is stored and then undone.
    """
    require(actor=actor, kind=kind)
    plan = mappings.parse(mapping, kind=kind, fields=known())
    job = ImportJob(
        kind=kind,
        file_name=file_name[:300],
        sha256=hashlib.file_digest(file, "sha256").hexdigest(),
        size=file.tell(),
        source_system=plan.system,
        mapping=mapping,
        actor=actor,
        at=now,
        state=ImportJob.State.RUNNING,
        claimed_until=now + ONE_DAY,  # nobody can go on with it; if it is killed, a worker notes that by then
    )
    total = ImportResult(kind=kind, file_name=file_name, system=plan.system, dry_run=dry_run)

    def record(part: ImportResult) -> None:
        total.add(part)
        if not dry_run:
            job.counts, job.notes, job.done_rows, job.headers = total.counts(), total.notes, total.rows, total.headers
            if ImportJob.objects.filter(pk=job.pk, is_cancel_asked=True).exists():
                raise InvalidInput(_("Somebody has stopped this import in the portal."))
            job.save()

    table = opened(file, plan, file_name=file_name)
    try:
        take(table=table, plan=plan, job=job, actor=actor, now=now, record=record, rehearse=dry_run)
    except DomainError as fault:
        _close(job, ImportJob.State.FAILED, now=now, fault=str(fault.message))
        raise
    _close(job, ImportJob.State.DONE, now=now)
    total.refused.sort(key=lambda refusal: refusal[0].row)
    total.warnings.sort(key=lambda remark: remark.row)
    return total


def _close(job: ImportJob, state: ImportJob.State, *, now: datetime, fault: str = "") -> None:
    ended = {"state": state, "finished_at": now, "fault": fault}
    ImportJob.objects.filter(pk=job.pk).update(claimed_until=None, is_cancel_asked=False, **ended)


def opened(file: tables.Binary, plan: Mapping, *, file_name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of the file, each with its number; raises ``InvalidInput`` where it cannot be read as the plan says."""
    return tables.rows(file, tables.settled(tables.understand(file, file_name=file_name, given=plan.given)))


def take(
    *,
    table: Iterable[tuple[int, list[str]]],
    plan: Mapping,
    job: ImportJob,
    actor: User,
    now: datetime,
    record: Callable[[ImportResult], None],
    beat: Callable[[], None] = lambda: None,
    place: Callable[[], int] = lambda: 0,
    rehearse: bool = False,
    after: int = 0,
) -> None:
    """Take a table part by part and tell ``record`` what came of each, in the transaction of the part.

    ``beat`` is called before each part is taken, ``place`` as soon as it is read: how many bytes of the file were. The
    first ``after`` rows below the header were taken before and are only remembered: for that they are looked at as they
    were then, so ``now`` is the one of the first time. In a rehearsal every part is undone before it is recorded.
    """
    kind = KINDS[job.kind]
    organisation = Organisation.get()
    zone = organisation.zone
    if plan.currency not in ("", organisation.currency):
        raise InvalidInput(other_currency(plan.currency, organisation.currency), field="currency")
    parts = reading.parts(
        table,
        mapping=plan,
        kind=job.kind,
        zone=zone,
        prepare=partial(kind.prepare, now=now, region=organisation.phone_region),
        after=after,
        most=reading.first_part(job.size, check=rehearse),
    )
    with _made_ahead(((part, place()) for part in parts), size=job.size) as pieces:
        for part, read in pieces:
            beat()
            if part.is_behind:
                continue
            result = ImportResult(
                kind=job.kind, file_name=job.file_name, system=plan.system, dry_run=rehearse, read=read
            )
            context = Context(mapping=plan, actor=actor, now=now, zone=zone, result=result, job=job)
            _store(part, context, record=record, rehearse=rehearse)


def _made_ahead(pieces: Iterator[Piece], *, size: int) -> AbstractContextManager[Iterator[Piece]]:
    """The same pieces; of a large file another process makes the next one, while PostgreSQL and we store the last."""
    return made_ahead(pieces) if size >= reading.LARGE else nullcontext(pieces)


def _store(part: Part, context: Context, *, record: Callable[[ImportResult], None], rehearse: bool) -> None:
    """Store a part and tell what came of it, in one transaction."""
    job, plan = context.job, context.mapping
    with transaction.atomic(), history.written_by(context.actor.pk):
        _one_at_a_time(plan.system)
        custom_values.check_same(column.custom for column in plan.columns if column.custom)
        if job.pk is None and not rehearse:
            job.save()  # the rows name it
        record(despite_deadlocks(partial(_stored, part, context, rehearse=rehearse)))
        _check_references()


@transaction.atomic
def _stored(part: Part, context: Context, *, rehearse: bool) -> ImportResult:
    """Store the rows of a part; returns what came of it."""
    result = deepcopy(context.result)
    _tell(part, result)
    with history.written_by(context.actor.pk, import_job=context.job.pk):
        KINDS[context.job.kind].store(part.rows, replace(context, result=result))
    if rehearse:
        transaction.set_rollback(True)
    return result


def _tell(part: Part, result: ImportResult) -> None:
    """Tell what is to be said of a part before it is stored."""
    result.headers = part.headers
    result.rows += part.count
    result.refused += part.refused
    result.warnings += part.warnings
    if not all(row.has_id for row in part.rows):
        message = _(
            "Rows without an id of their own are recognised by what the mapping reads in them: one that is corrected "
            "in a later file becomes a new record, unless its address or its number says who it is. Make a column with "
            "ids, where there is one, “id in the other tool” (external_id)."
        )
        result.note(message)


def _one_at_a_time(system: str) -> None:
    """Let parts of the same file, sent twice at once, run one after the other; they may take longer than a page may."""
    sql = """
        SET LOCAL lock_timeout = 0;
        SET LOCAL statement_timeout = 0;
        SET LOCAL synchronous_commit = off;
        SET LOCAL jit = off;
        SELECT pg_advisory_xact_lock(hashtextextended(%s, 0));
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [f"import:{system}"])


def _check_references() -> None:
    """Look up every foreign key of the part, which its commit does else, by index.

    PostgreSQL plans such a lookup once in a session. While a table is nearly empty, and its indexes still are as large
    as a check left them that was undone, that is by reading it from end to end, also for the thousands that follow.
    """
    sql = """
        DISCARD PLANS;
        SET LOCAL enable_seqscan = off;
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
        SET LOCAL enable_seqscan = DEFAULT;
    """
    with connection.cursor() as cursor:
        cursor.execute(sql)
