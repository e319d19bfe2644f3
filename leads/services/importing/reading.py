"""Reads a table part by part as the mapping says; touches no database, so it can run ahead of what stores the parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.rules import mappings, normalise
from leads.rules.mappings import CellFault, Mapping
from leads.services.importing.memory import plain
from leads.services.importing.result import Refusal, Remark

MOST_COLUMNS = 1000
PART = 5000
"""Rows that are stored together: what a killed worker loses at most, and what memory holds."""

Numbered = tuple[int, list[str]]


@dataclass
class Read:
    """One row as understood. ``key`` is its id in the file or, where it has none, stands for what it says."""

    number: int
    key: str
    has_id: bool
    fields: dict[str, Any]
    custom: dict[str, str]
    cells: list[str]


@dataclass
class Part:
    """Some rows of the file, one after the other, and those among them that cannot be read."""

    headers: list[str]
    count: int = 0
    rows: list[Read] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def parts(table: Iterable[Numbered], *, mapping: Mapping, kind: str, zone: ZoneInfo) -> Iterator[Part]:
    """The rows below the header, part by part; at least one part, which may be empty.

    Raises ``InvalidInput`` before the first where the file has no header that fits the mapping.
    """
    filled = ((number, cells) for number, cells in table if any(cell.strip() for cell in cells))
    first = next(filled, None)
    if first is None:
        raise InvalidInput(_("The file is empty."), field="file")
    reader = _Reader(mapping, kind, zone, headers=_headers(first[1], mapping), width=len(first[1]))
    part = reader.read(islice(filled, PART))
    yield part
    while part.count == PART:
        part = reader.read(islice(filled, PART))
        yield part


def _headers(cells: list[str], mapping: Mapping) -> list[str]:
    headers = [header.strip() for header in _without_empty_end(cells)]
    if len(headers) > MOST_COLUMNS:
        message = _("The file has %(n)d columns; at most %(max)d can be read. Is the separator right?")
        raise InvalidInput(message % {"n": len(headers), "max": MOST_COLUMNS}, field="file")
    if any("\x00" in header for header in headers):
        raise InvalidInput(_("This text has a character that cannot be stored."), field="file")
    mappings.check_headers(mapping, headers)
    return headers


class _Reader:
    """Reads rows under one header; ``width`` is that of the header with its empty end."""

    def __init__(self, mapping: Mapping, kind: str, zone: ZoneInfo, *, headers: list[str], width: int) -> None:
        self.mapping, self.kind, self.zone = mapping, kind, zone
        self.headers, self.width = headers, width
        self.names = _told_apart(headers)
        mapped = mapping.mapped_headers()
        self.kept = [name for name in self.names if name not in mapped] if mapping.keep_unmapped else []

    def read(self, rows: Iterable[Numbered]) -> Part:
        part = Part(self.headers)
        for number, cells in rows:
            part.count += 1
            fault = self._fault(cells)
            if not fault:
                named = dict(zip(self.names, cells, strict=False))
                try:
                    part.rows.append(self._row(number, named, cells))
                except CellFault as refused:
                    fault = refused.code, str(refused.message)
            if fault:
                part.refused.append((Remark(number, *fault), cells))
        return part

    def _fault(self, cells: list[str]) -> tuple[str, str] | None:
        if len(cells) > self.width or len(_without_empty_end(cells)) > len(self.names):  # also a shift of blanks
            message = _("The row has %(n)d cells, the header %(m)d.") % {"n": len(cells), "m": len(self.names)}
            return "ragged_row", message
        if any("\x00" in cell for cell in cells):
            return "unstorable", _("The row has a character that cannot be stored.")
        return None

    def _row(self, number: int, named: dict[str, str], cells: list[str]) -> Read:
        fields = mappings.read_row(self.mapping, named, kind=self.kind, zone=self.zone)
        given = fields.pop("external_id", "")
        custom = {name: text for name in self.kept if (text := named.get(name, "").strip())}
        return Read(number, given or _content_key(fields), bool(given), fields, custom, cells)


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
