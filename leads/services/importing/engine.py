"""One door for every file: read, understand, store, record; all in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.kernel import textio
from alignment.kernel.errors import InvalidInput
from leads.models import ImportRun
from leads.rules import mappings, normalise
from leads.rules.mappings import CellFault, Mapping
from leads.services.importing import deals, leads
from leads.services.importing.context import Context, Row
from leads.services.importing.memory import plain
from leads.services.importing.result import ImportResult


class _Store(Protocol):
    def __call__(self, rows: list[Row], context: Context) -> None: ...


STORES: dict[str, _Store] = {"leads": leads.store, "deals": deals.store}
MOST_COLUMNS = 1000


def run_import(
    *, kind: str, raw: bytes, file_name: str, mapping: Any, actor: User, now: datetime, dry_run: bool = False
) -> ImportResult:
    """Take the rows of a CSV file as ``kind`` (leads or deals) by ``mapping`` (see ``leads.rules.mappings``).

    Rows are recognised by source system and external id (without one: by what the mapping reads in them), so the same
    file again changes nothing, also where people changed the records since. A row that cannot be taken is refused with
    a reason and the others are taken; a fault of the file or the mapping raises ``InvalidInput`` and nothing is taken.
    With ``dry_run`` everything is done and then undone.
    """
    actor.require(Permission.IMPORT_RECORDS)
    plan = mappings.parse(mapping, kind=kind)
    text, _encoding = textio.decode(raw, encoding=plan.encoding)
    result = ImportResult(kind=kind, file_name=file_name, system=plan.system, dry_run=dry_run)
    context = Context(mapping=plan, actor=actor, now=now, zone=Organisation.get().zone, result=result)
    rows = _understood(textio.numbered_rows(text, delimiter=plan.delimiter), context)
    with transaction.atomic():
        _one_at_a_time(plan.system)
        STORES[kind](rows, context)
        ImportRun.objects.create(
            kind=kind,
            file_name=file_name[:300],
            sha256=hashlib.sha256(raw).hexdigest(),
            source_system=plan.system,
            mapping=mapping,
            actor=actor,
            at=now,
            counts=result.counts(),
        )
        if dry_run:
            transaction.set_rollback(True)
    result.refused.sort(key=lambda refusal: refusal[0].row)
    result.warnings.sort(key=lambda remark: remark.row)
    return result


def _understood(numbered: Iterable[tuple[int, list[str]]], context: Context) -> list[Row]:
    table = [(number, cells) for number, cells in numbered if any(cell.strip() for cell in cells)]
    if not table:
        raise InvalidInput(_("The file is empty."), field="file")
    headers = [header.strip() for header in _without_empty_end(table[0][1])]
    if len(headers) > MOST_COLUMNS:
        message = _("The file has %(n)d columns; at most %(max)d can be read. Is the separator right?")
        raise InvalidInput(message % {"n": len(headers), "max": MOST_COLUMNS}, field="file")
    if any("\x00" in header for header in headers):
        raise InvalidInput(_("This text has a character that cannot be stored."), field="file")
    mappings.check_headers(context.mapping, headers)
    context.result.headers = headers
    context.result.rows = len(table) - 1
    rows = list(_readable_rows(table[1:], _told_apart(headers), len(table[0][1]), context))
    if not all(row.has_id for row in rows):
        message = _(
            "Rows without an id of their own are recognised by what the mapping reads in them: one that is corrected "
            "in a later file becomes a new record. Map a column to external_id where the file has one."
        )
        context.result.notes.append(message)
    return rows


def _without_empty_end(cells: list[str]) -> list[str]:
    """The cells up to the last that is not blank: a spreadsheet also saves columns that were once touched."""
    filled = [index for index, cell in enumerate(cells, start=1) if cell.strip()]
    return cells[: filled[-1]] if filled else []


def _told_apart(headers: list[str]) -> list[str]:
    """One name for each column: the second “note” is “note (2)”, the fourth column without a name “#4”."""
    names: list[str] = []
    for position, header in enumerate(headers, start=1):
        name, copy = header or f"#{position}", 1
        while name in names or (copy > 1 and name in headers):
            copy += 1
            name = f"{header or f'#{position}'} ({copy})"
        names.append(name)
    return names


def _readable_rows(table: list[tuple[int, list[str]]], names: list[str], width: int, context: Context) -> Iterator[Row]:
    """The rows that can be read; ``width`` is that of the header with its empty end."""
    seen: dict[str, int] = {}
    copies: Counter[str] = Counter()
    for number, cells in table:
        if len(cells) > width or len(_without_empty_end(cells)) > len(names):  # also a shift that ends in a blank
            message = _("The row has %(n)d cells, the header %(m)d.") % {"n": len(cells), "m": len(names)}
            context.result.refuse(number, "ragged_row", message, cells)
            continue
        if any("\x00" in cell for cell in cells):
            message = _("The row has a character that cannot be stored.")
            context.result.refuse(number, "unstorable", message, cells)
            continue
        named = dict(zip(names, cells, strict=False))
        try:
            fields = mappings.read_row(context.mapping, named, kind=context.result.kind, zone=context.zone)
        except CellFault as fault:
            context.result.refuse(number, fault.code, str(fault.message), cells)
            continue
        given = fields.pop("external_id", "")
        key = given or _content_key(fields, copies)
        if key in seen:
            message = _("The external id “%(id)s” is already in row %(row)d.") % {"id": key, "row": seen[key]}
            context.result.refuse(number, "id_twice", message, cells)
            continue
        seen[key] = number
        yield Row(number, key, fields, _unmapped(context.mapping, named), cells, has_id=bool(given))


def _content_key(fields: dict[str, Any], copies: Counter[str]) -> str:
    """An id for a row that has none: what the mapping reads in it, and which of several equal rows it is."""
    said = sorted((name, _compared(name, value)) for name, value in fields.items() if value not in (None, ""))
    content = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
    copies[content] += 1
    return f"row-{content}-{copies[content]}"


def _compared(name: str, value: Any) -> str:
    """A value in the form in which it is the same however it was written."""
    text = normalise.text(str(plain(value)))
    return text.casefold() if name == "email" else text


def _unmapped(mapping: Mapping, named: dict[str, str]) -> dict[str, str]:
    if not mapping.keep_unmapped:
        return {}
    mapped = mapping.mapped_headers()
    return {name: cell.strip() for name, cell in named.items() if name not in mapped and cell.strip()}


def _one_at_a_time(system: str) -> None:
    """Let the same file, sent twice at once, run one after the other; an import may take longer than a page may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import:{system}"])
