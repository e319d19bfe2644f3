"""One door for every file: read, understand, store, record; all in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.kernel import textio
from alignment.kernel.errors import InvalidInput
from leads.models import ImportRun
from leads.rules import mappings
from leads.rules.mappings import CellFault, Mapping
from leads.services.importing import deals, leads
from leads.services.importing.context import Context, Row
from leads.services.importing.result import ImportResult


class _Store(Protocol):
    def __call__(self, rows: list[Row], context: Context) -> None: ...


STORES: dict[str, _Store] = {"leads": leads.store, "deals": deals.store}


def run_import(
    *, kind: str, raw: bytes, file_name: str, mapping: Any, actor: User, now: datetime, dry_run: bool = False
) -> ImportResult:
    """Take the rows of a CSV file as ``kind`` (leads or deals) by ``mapping`` (see ``leads.rules.mappings``).

    Rows are recognised by source system and external id (without one: by their content), so the same file again
    changes nothing. A row that cannot be taken is refused with a reason and the others are taken; a fault of the file
    or the mapping raises ``InvalidInput`` and nothing is taken. With ``dry_run`` everything is done and then undone.
    """
    actor.require(Permission.IMPORT_RECORDS)
    plan = mappings.parse(mapping, kind=kind)
    text, _encoding = textio.decode(raw, encoding=plan.encoding)
    result = ImportResult(kind=kind, file_name=file_name, system=plan.system, dry_run=dry_run)
    context = Context(mapping=plan, actor=actor, now=now, zone=Organisation.get().zone, result=result)
    rows = _understood(textio.rows(text, delimiter=plan.delimiter), context)
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


def _understood(table: list[list[str]], context: Context) -> list[Row]:
    if not table:
        raise InvalidInput(_("The file is empty."), field="file")
    headers = [header.strip() for header in table[0]]
    mappings.check_headers(context.mapping, headers)
    context.result.headers = headers
    context.result.rows = len(table) - 1
    return list(_readable_rows(table, headers, context))


def _readable_rows(table: list[list[str]], headers: list[str], context: Context) -> Iterator[Row]:
    seen: dict[str, int] = {}
    for number, cells in enumerate(table[1:], start=2):
        if len(cells) > len(headers):
            message = _("The row has %(n)d cells, the header %(m)d.") % {"n": len(cells), "m": len(headers)}
            context.result.refuse(number, "ragged_row", message, cells)
            continue
        if any("\x00" in cell for cell in cells):
            message = _("The row has a character that cannot be stored.")
            context.result.refuse(number, "unstorable", message, cells)
            continue
        named = dict(zip(headers, cells, strict=False))
        try:
            fields = mappings.read_row(context.mapping, named, kind=context.result.kind, zone=context.zone)
        except CellFault as fault:
            context.result.refuse(number, fault.code, str(fault.message), cells)
            continue
        key = fields.pop("external_id", "") or _content_key(cells, seen)
        if key in seen:
            message = _("The external id “%(id)s” is already in row %(row)d.") % {"id": key, "row": seen[key]}
            context.result.refuse(number, "id_twice", message, cells)
            continue
        seen[key] = number
        yield Row(number, key, fields, _unmapped(context.mapping, named), cells)


def _content_key(cells: list[str], seen: dict[str, int]) -> str:
    """An id for a row that has none: its content, and which of several equal rows it is."""
    content = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:32]
    copy = 1
    while f"row-{content}-{copy}" in seen:
        copy += 1
    return f"row-{content}-{copy}"


def _unmapped(mapping: Mapping, named: dict[str, str]) -> dict[str, str]:
    if not mapping.keep_unmapped:
        return {}
    mapped = mapping.mapped_headers()
    return {name: cell.strip() for name, cell in named.items() if name and name not in mapped and cell.strip()}


def _one_at_a_time(system: str) -> None:
    """Let the same file, sent twice at once, run one after the other; an import may take longer than a page may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import:{system}"])
