"""One door for every file: read, understand, store, record, part by part; each part in a transaction of its own."""

from __future__ import annotations

import contextvars
import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.kernel import textio
from leads.models import ImportRun
from leads.rules import mappings
from leads.services.importing import deals, lead_rows, leads, reading
from leads.services.importing.context import Context, Row
from leads.services.importing.reading import Part
from leads.services.importing.result import ImportResult, Remark
from leads.services.importing.seen import Seen

Piece = TypeVar("Piece")


@dataclass(frozen=True)
class _Kind:
    """How rows of one kind are taken: what a row alone tells, then what becomes of many."""

    prepare: Callable[..., Iterable[Remark]]
    store: Callable[[list[Row], Context], None]


def _as_it_is(_row: Row, *, now: datetime) -> Iterable[Remark]:
    return ()


KINDS = {"leads": _Kind(lead_rows.prepare, leads.store), "deals": _Kind(_as_it_is, deals.store)}


def run_import(
    *, kind: str, file: textio.Binary, file_name: str, mapping: Any, actor: User, now: datetime, dry_run: bool = False
) -> ImportResult:
    """Take the rows of a CSV file as ``kind`` (leads or deals) by ``mapping`` (see ``leads.rules.mappings``).

    Rows are recognised by source system and external id (without one: by what the mapping reads in them), so the same
    file again changes nothing, also where people changed the records since. A row that cannot be taken is refused with
    a reason and the others are taken; a fault of the file or the mapping raises ``InvalidInput`` and nothing is taken.
    What is stored stays if the machine stops half-way: the same file again takes the rest. With ``dry_run`` every part
    is stored and then undone.
    """
    actor.require(Permission.IMPORT_RECORDS)
    plan = mappings.parse(mapping, kind=kind)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    text, _encoding = textio.opened(file, encoding=plan.encoding)
    table = textio.numbered_rows(text, delimiter=plan.delimiter)
    result = ImportResult(kind=kind, file_name=file_name, system=plan.system, dry_run=dry_run)
    context = Context(mapping=plan, actor=actor, now=now, zone=Organisation.get().zone, result=result)
    run = ImportRun(
        kind=kind,
        file_name=file_name[:300],
        sha256=sha256,
        source_system=plan.system,
        mapping=mapping,
        actor=actor,
        at=now,
    )
    seen = Seen()
    of_kind = KINDS[kind]
    prepare = partial(of_kind.prepare, now=now)
    parts = reading.parts(table, mapping=plan, kind=kind, zone=context.zone, prepare=prepare)
    for part in _ahead(parts):
        rows = _identified(part, seen, context)
        with transaction.atomic():
            _one_at_a_time(plan.system)
            of_kind.store(rows, context)
            run.counts = result.counts()
            run.save()
            if dry_run:
                transaction.set_rollback(True)
                run.pk = None
    result.refused.sort(key=lambda refusal: refusal[0].row)
    result.warnings.sort(key=lambda remark: remark.row)
    return result


def _ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces, the next one made while the last is in use: PostgreSQL works on one, we read the other."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        in_our_language = contextvars.copy_context()

        def read() -> Piece | None:
            return in_our_language.run(next, pieces, None)

        waiting = beside.submit(read)
        while (piece := waiting.result()) is not None:
            waiting = beside.submit(read)
            yield piece


def _identified(part: Part, seen: Seen, context: Context) -> list[Row]:
    """The rows of a part by the id under which they are kept; what the part could not take is told in the result."""
    result = context.result
    result.headers = part.headers
    result.rows += part.count
    result.refused += part.refused
    result.warnings += part.warnings
    first, times = seen.first_rows(part.rows), seen.times_before(part.rows)
    rows = []
    for row in part.rows:
        key = row.external_id
        if row.has_id and first[key] != row.number:
            message = _("The external id “%(id)s” is already in row %(row)d.") % {"id": key, "row": first[key]}
            result.refuse(row.number, "id_twice", message, row.cells)
            continue
        if not row.has_id:
            times[key] += 1
            row.external_id = f"{key}-{times[key]}"
        rows.append(row)
    if not all(row.has_id for row in part.rows):
        message = _(
            "Rows without an id of their own are recognised by what the mapping reads in them: one that is corrected "
            "in a later file becomes a new record. Map a column to external_id where the file has one."
        )
        result.note(message)
    return rows


def _one_at_a_time(system: str) -> None:
    """Let parts of the same file, sent twice at once, run one after the other; they may take longer than a page may."""
    sql = """
        SET LOCAL lock_timeout = 0;
        SET LOCAL statement_timeout = 0;
        SET LOCAL synchronous_commit = off;
        SELECT pg_advisory_xact_lock(hashtextextended(%s, 0));
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [f"import:{system}"])
