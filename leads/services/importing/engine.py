"""One door for every file: read, understand, store, record, part by part; each part in a transaction of its own."""

from __future__ import annotations

import contextvars
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Protocol, TypeVar

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.kernel import textio
from leads.models import ImportRun
from leads.rules import mappings
from leads.services.importing import deals, leads, reading
from leads.services.importing.context import Context, Row
from leads.services.importing.reading import Part
from leads.services.importing.result import ImportResult
from leads.services.importing.seen import Seen

Piece = TypeVar("Piece")


class _Store(Protocol):
    def __call__(self, rows: list[Row], context: Context) -> None: ...


STORES: dict[str, _Store] = {"leads": leads.store, "deals": deals.store}


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
    for part in _ahead(reading.parts(table, mapping=plan, kind=kind, zone=context.zone)):
        rows = _identified(part, seen, context)
        with transaction.atomic():
            _one_at_a_time(plan.system)
            STORES[kind](rows, context)
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
    first, times = seen.first_rows(part.rows), seen.times_before(part.rows)
    rows = []
    for read in part.rows:
        if read.has_id and first[read.key] != read.number:
            message = _("The external id “%(id)s” is already in row %(row)d.") % {
                "id": read.key,
                "row": first[read.key],
            }
            result.refuse(read.number, "id_twice", message, read.cells)
            continue
        times[read.key] += 1
        key = read.key if read.has_id else f"{read.key}-{times[read.key]}"
        rows.append(Row(read.number, key, read.fields, read.custom, read.cells, has_id=read.has_id))
    if not all(read.has_id for read in part.rows):
        message = _(
            "Rows without an id of their own are recognised by what the mapping reads in them: one that is corrected "
            "in a later file becomes a new record. Map a column to external_id where the file has one."
        )
        result.note(message)
    return rows


def _one_at_a_time(system: str) -> None:
    """Let parts of the same file, sent twice at once, run one after the other; they may take longer than a page may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import:{system}"])
