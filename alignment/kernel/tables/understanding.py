"""What a file seems to be, how sure each part of that is, and what is odd about it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from statistics import median_low
from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import encodings, texts, workbooks
from alignment.kernel.tables.limits import LARGEST, MB, MOST_COLUMNS
from alignment.kernel.tables.reading import Binary, Certainty, Given, Reading
from alignment.kernel.tables.rows import Numbered

SHOWN = 20
_LOOKED_AT = 1000
"""Rows among which the first ones with something in them are looked for."""
_WORKBOOKS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
_NAMES_OF_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
_DATA = re.compile(r"[-+¥$€]?\d[\d.,/:\s%円年月日-]*|[^@\s]+@[^@\s]+")
"""What stands in rows and hardly in a header: numbers, dates, addresses."""


@dataclass(frozen=True)
class Part:
    """How sure one part of a reading is, and what else also fits, the best first."""

    certainty: Certainty
    alternatives: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Something a person should know of the file; ``row`` is 0 where it is about the whole of it."""

    code: str
    message: str
    row: int = 0


@dataclass(frozen=True)
class Understanding:
    """The proposed reading, how sure each of its parts is (those that a format has), and the first rows with something
    in them, titles and header included."""

    reading: Reading
    parts: dict[str, Part]
    sheets: tuple[str, ...]
    first_rows: tuple[tuple[int, tuple[str, ...]], ...]
    findings: tuple[Finding, ...]
    size: int


def understand(file: Binary, *, file_name: str, given: Given | None = None) -> Understanding:
    """Propose how to read a file, and leave it at its beginning; what is given counts as certain.

    A text is decoded to its end in every encoding that may be meant, a workbook is parsed in a process of its own.
    Raises ``InvalidInput`` for what is no table.
    """
    size = _size(file)
    given = given or Given()
    file.seek(0)
    head = file.read(1024)
    _refuse_documents(head, file_name)
    if head.startswith(_WORKBOOKS):
        found = _workbook(file, given, size)
    else:
        with _blamed_on_its_name(file_name):
            found = _text(file, given, size)
    file.seek(0)
    return found


@contextmanager
def _blamed_on_its_name(file_name: str) -> Iterator[None]:
    """Tools also save texts as .xls. What is none is a broken workbook, and no choice of an encoding mends that."""
    try:
        yield
    except InvalidInput as fault:
        if fault.field == "encoding" and file_name.lower().endswith(_NAMES_OF_WORKBOOKS):
            raise workbooks.refusal("damaged", {}) from fault
        raise


def settled(understanding: Understanding) -> Reading:
    """The reading, where nobody can be asked: refuses what could be read in two ways without anybody noticing."""
    for key, message in (
        ("encoding", _("The text can be read in several encodings: %(names)s. Say which as “encoding”.")),
        ("sheet", _("The file has several sheets: %(names)s. Say which as “sheet”.")),
    ):
        part = understanding.parts.get(key)
        if part and part.certainty == "ask":
            names = (getattr(understanding.reading, key), *part.alternatives)
            raise InvalidInput(message % {"names": ", ".join(names)[:300]}, field=key)
    return understanding.reading


def _size(file: Binary) -> int:
    size = file.seek(0, os.SEEK_END)
    if not size:
        raise InvalidInput(_("The file is empty."), field="file")
    if size > LARGEST:
        message = _("The file is larger than %(max)d MB. Split it and bring the parts.") % {"max": LARGEST // MB}
        raise InvalidInput(message, field="file")
    return size


def _refuse_documents(head: bytes, file_name: str) -> None:
    """Refuse what begins as another kind of file does, whatever its name ends in."""
    kinds = (
        (b"%PDF", _("a PDF document")),
        (b"\x89PNG", _("a picture")),
        (b"\xff\xd8\xff", _("a picture")),
        (b"GIF8", _("a picture")),
        (b"\x1f\x8b", _("a compressed file")),
        (b"7z\xbc\xaf", _("a compressed file")),
        (b"Rar!", _("a compressed file")),
        (b"{\\rtf", _("a text document")),
    )
    for start, kind in kinds:
        if head.startswith(start):
            raise InvalidInput(_no_table(file_name, kind), field="file")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise InvalidInput(_no_table(file_name, _("a web page or XML")), field="file")


def _no_table(file_name: str, kind: str) -> str:
    message = _("“%(name)s” is %(kind)s, whatever its name says. Save the table as XLSX or CSV and try again.")
    return message % {"name": file_name[:100], "kind": kind}


def _text(file: Binary, given: Given, size: int) -> Understanding:
    if given.encoding:
        scan = encodings.check(file, given.encoding)
        found = encodings.Found((given.encoding,), "certain", 0 if "16" in given.encoding else scan.nul_line)
    else:
        found = encodings.find(file)
    encoding = found.names[0]
    delimiters = (given.delimiter,) if given.delimiter else texts.delimiters(file, encoding=encoding)
    first = _first_rows(texts.rows(file, encoding=encoding, delimiter=delimiters[0]))
    header = _Header(first, given.header_row)
    findings = header.findings()
    if found.nul_line:
        message = _("Line %(line)d has a NUL byte, which no text has; rows with one are refused.")
        findings.append(Finding("nul", message % {"line": found.nul_line}))
    return Understanding(
        reading=Reading("text", encoding, delimiters[0], None, header.number),
        parts={
            "encoding": Part(found.certainty, found.names[1:]),
            "delimiter": Part("likely" if delimiters[1:] else "certain", delimiters[1:]),
            "header_row": header.part,
        },
        sheets=(),
        first_rows=header.shown,
        findings=tuple(findings),
        size=size,
    )


def _workbook(file: Binary, given: Given, size: int) -> Understanding:
    with workbooks.opened(file, sheet=given.sheet) as (workbook, rows):
        first = _first_rows(rows)
    others = tuple(name for name in workbook.sheets if name != workbook.sheet)
    header = _Header(first, given.header_row)
    findings = header.findings()
    if workbook.faulty:
        cells = ", ".join(f"{place} ({text})" for place, text in workbook.faulty)
        message = _("These cells hold an error instead of a value and are read as empty: %(cells)s.")
        findings.append(Finding("errors", message % {"cells": cells}))
    return Understanding(
        reading=Reading(workbook.format, None, None, workbook.sheet, header.number),
        parts={
            "sheet": Part("ask" if others and not given.sheet else "certain", others),
            "header_row": header.part,
        },
        sheets=workbook.sheets,
        first_rows=header.shown,
        findings=tuple(findings),
        size=size,
    )


def _first_rows(rows: Iterable[list[str]]) -> list[Numbered]:
    """The first rows with something in them, without the blanks at their ends."""
    looked_at = ((number, cells[: _width(cells)]) for number, cells in islice(enumerate(rows, start=1), _LOOKED_AT))
    filled = []
    for number, cells in islice((row for row in looked_at if row[1]), SHOWN):
        if len(cells) > MOST_COLUMNS:
            message = _("The file has %(n)d columns; at most %(max)d can be read. Is the separator right?")
            raise InvalidInput(message % {"n": len(cells), "max": MOST_COLUMNS}, field="file")
        filled.append((number, cells))
    if not filled:
        raise InvalidInput(_("The file is empty."), field="file")
    return filled


class _Header:
    """Which of the first rows names the columns: the first that fills more than half as many cells as most rows do."""

    def __init__(self, first: list[Numbered], given: int | None) -> None:
        self.first = first
        self.shown = tuple((number, tuple(cells)) for number, cells in first)
        usual = median_low(_filled(cells) for _number, cells in first)
        proposed = next(number for number, cells in first if _filled(cells) * 2 > usual)
        self.number = given or proposed
        self.cells = [cell.strip() for cell in dict(first).get(self.number, [])]
        self.part = Part("certain" if given else self._certainty(), tuple(n for n, _c in first if n != self.number))

    def _certainty(self) -> Certainty:
        if self._is_data():
            return "ask"
        is_plain = self.number == self.first[0][0] and len(set(self.cells)) == len(self.cells) and all(self.cells)
        return "certain" if is_plain else "likely"

    def _is_data(self) -> bool:
        return any(_DATA.fullmatch(cell) for cell in self.cells)

    def findings(self) -> list[Finding]:
        found = []
        above = [number for number, _cells in self.first if number < self.number]
        if above:
            message = _("What stands above the header is skipped (rows: %(rows)s).")
            found.append(Finding("title", message % {"rows": ", ".join(map(str, above))}, above[0]))
        if self._is_data():
            message = _("Row %(row)d looks like data and not like the names of columns. Has the file a header?")
            found.append(Finding("no_header", message % {"row": self.number}, self.number))
        for name, times in Counter(filter(None, self.cells)).items():
            if times > 1:
                words = {"name": name[:100], "times": times}
                message = _("The column name “%(name)s” is there %(times)d times.") % words
                found.append(Finding("duplicate_header", message, self.number))
        empty = [place for place, cell in enumerate(self.cells, start=1) if not cell]
        if empty:
            message = _("These columns have no name: %(columns)s.") % {"columns": ", ".join(map(str, empty[:50]))}
            found.append(Finding("empty_header", message, self.number))
        return found + self._ragged()

    def _ragged(self) -> list[Finding]:
        message = _("Row %(row)d has %(n)d cells, the header %(m)d.")
        below = ((number, len(cells)) for number, cells in self.first if number > self.number)
        return [
            Finding("ragged", message % {"row": number, "n": width, "m": len(self.cells)}, number)
            for number, width in below
            if width > len(self.cells)
        ]


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _width(cells: Sequence[str]) -> int:
    """How far the cells reach without the blanks at their end."""
    return max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)
