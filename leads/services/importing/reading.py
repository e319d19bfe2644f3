"""Reads a table part by part as the mapping says; touches no database, so it can run ahead of what stores the parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.rules import mappings, normalise
from leads.rules.cells import CellFault, read_row
from leads.rules.mappings import Mapping
from leads.services.importing.context import Row
from leads.services.importing.memory import plain
from leads.services.importing.result import Refusal, Remark
from leads.services.importing.seen import Seen

LONGEST_ID = 200
PART = 10_000
WEIGHT = 8_000_000
"""Rows, or characters, that are stored together: what a killed worker loses at most, and what memory holds."""
FIRST = 500
"""The first part of a large file, as somebody waits for the first counts; the next grow to a whole one."""
LARGE_TO_CHECK = 4_000_000
LARGE = 1_000_000
"""Of so many bytes is a large file: to check, where doubles are only found within a part, and to take."""

Numbered = tuple[int, list[str]]


Prepare = Callable[[Row], Iterable[Remark]]
"""What a kind makes of a row as far as the row alone tells: completes it, warns, or raises ``RowFault``."""


class RowFault(InvalidInput):
    """A row that cannot be taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Part:
    """Some rows of the file, one after the other, and what is to be said of them and of those that cannot be taken.

    Each row has an id of its own. ``count`` is with those that cannot be taken.
    """

    headers: list[str]
    count: int = 0
    rows: list[Row] = field(default_factory=list)
    is_behind: bool = False
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)


def parts(
    table: Iterable[Numbered],
    *,
    mapping: Mapping,
    kind: str,
    zone: ZoneInfo,
    prepare: Prepare,
    after: int = 0,
    most: int = PART,
) -> Iterator[Part]:
    """The rows below the header, part by part; at least one part, which may be empty.

    The first part has at most ``most`` rows. Parts within the first ``after`` rows are behind us: they were stored
    before, and come without their rows.

    Raises ``InvalidInput`` before the first where the file has no header that fits the mapping.
    """
    rows = filled(table)
    headers, width = _header(rows, mapping)
    reader = _Reader(mapping, kind, zone, prepare, headers=headers, width=width)
    count = 0
    while (part := reader.read(rows, most=min(most, PART))).count or not count:
        count, most = count + part.count, most * 4
        yield Part(part.headers, part.count, is_behind=True) if 0 < count <= after else part
        if not part.count:
            return


def first_part(size: int, *, check: bool) -> int:
    """How many rows the first part of a file of ``size`` bytes has at most: one to check, or one to take."""
    return min(FIRST, PART) if size >= (LARGE_TO_CHECK if check else LARGE) else PART


def header(table: Iterable[Numbered], mapping: Mapping) -> list[str]:
    """The names of the columns; raises ``InvalidInput`` where the table has none that fit the mapping."""
    return _header(filled(table), mapping)[0]


def filled(table: Iterable[Numbered], *, limit: int | None = None) -> Iterator[Numbered]:
    """The rows that say something, at most ``limit`` of them."""
    return islice(((number, cells) for number, cells in table if any(cell.strip() for cell in cells)), limit)


def _header(rows: Iterator[Numbered], mapping: Mapping) -> tuple[list[str], int]:
    """The names of the columns, and how many cells their row has with its empty end."""
    _number, cells = next(rows, (0, []))
    if not cells:
        raise InvalidInput(_("The file is empty."), field="file")
    headers = [header.strip() for header in _without_empty_end(cells)]
    if any("\x00" in header for header in headers):
        raise InvalidInput(_("This text has a character that cannot be stored."), field="file")
    mappings.check_headers(mapping, headers)
    return headers, len(cells)


class _Reader:
    """Reads rows under one header; ``width`` is that of the header with its empty end."""

    def __init__(
        self, mapping: Mapping, kind: str, zone: ZoneInfo, prepare: Prepare, *, headers: list[str], width: int
    ) -> None:
        self.mapping, self.kind, self.zone, self.prepare = mapping, kind, zone, prepare
        self.headers, self.width = headers, width
        self.seen = Seen()
        self.names = _told_apart(headers)
        mapped = mapping.mapped_headers()
        kept = [name for name in self.names if name not in mapped] if mapping.keep_unmapped else []
        self.kept = {name: f"{name} (2)" if name in mapping.taken else name for name in kept}

    def read(self, rows: Iterator[Numbered], *, most: int) -> Part:
        part, weight = Part(self.headers), 0
        while part.count < most and weight < WEIGHT and (numbered := next(rows, None)):
            number, cells = numbered
            part.count += 1
            weight += sum(map(len, cells))
            try:
                row = self._row(number, cells)
                remarks = self.prepare(row)
                self._tell_apart(row)
            except (RowFault, CellFault) as fault:
                part.refused.append((Remark(number, fault.code, str(fault.message)), cells))
            else:
                part.rows.append(row)
                part.warnings += remarks
        return part

    def _tell_apart(self, row: Row) -> None:
        """Give a row without an id its own among those that say the same; refuse one whose id a row before it has."""
        key = row.external_id
        if not row.has_id:
            row.external_id = f"{key}-{self.seen.times(key)}"
        elif (first := self.seen.first_row(key, row.number)) != row.number:
            message = _("The external id “%(id)s” is already in row %(row)d.") % {"id": key, "row": first}
            if row.called:
                message = _("“%(name)s” is already in row %(row)d.") % {"name": row.called, "row": first}
            raise RowFault("id_twice", message)

    def _row(self, number: int, cells: list[str]) -> Row:
        if len(cells) > self.width or len(_without_empty_end(cells)) > len(self.names):  # also a shift of blanks
            message = _(
                "The row has %(n)d cells, the header %(m)d: put a cell that holds a separator or a line end in quotes."
            ) % {"n": len(cells), "m": len(self.names)}
            raise RowFault("ragged_row", message)
        if any("\x00" in cell for cell in cells):
            raise RowFault("unstorable", _("The row has a character that cannot be stored."))
        named = dict(zip(self.names, cells, strict=False))
        fields = read_row(self.mapping, named, kind=self.kind, zone=self.zone)
        given = fields.pop("external_id", "")
        if len(given) > LONGEST_ID:
            message = _("“%(field)s” has more than %(max)d characters.")
            raise RowFault("too_long", message % {"field": "external_id", "max": LONGEST_ID})
        key = given or _content_key(fields)  # of what the row itself says
        fields |= {name: text for name, text in self.mapping.otherwise.items() if not fields.get(name)}
        custom = {kept: text for name, kept in self.kept.items() if (text := named.get(name, "").strip())}
        return Row(number, key, bool(given), fields, custom, cells)


def _without_empty_end(cells: list[str]) -> list[str]:
    """The cells up to the last that is not blank: a spreadsheet also saves columns that were once touched."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


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


def _content_key(fields: dict[str, Any]) -> str:
    """What the mapping reads in a row that has no id, in few letters."""
    said = sorted((name, _compared(name, value)) for name, value in fields.items() if value not in (None, ""))
    return f"row-{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]}"


def _compared(name: str, value: Any) -> str:
    """A value in the form in which it is the same however it was written."""
    text = normalise.text(str(plain(value)))
    return text.casefold() if name == "email" else text
