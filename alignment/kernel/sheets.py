"""Writes rows as a file that a spreadsheet opens: CSV in UTF-8 or Shift_JIS, or an Excel workbook.

    written = sheets.write(Kind.XLSX, rows, header=["Name", "Captured"], title="Leads", zone=zone)
    written.file, written.rows

The rows are written as they come, to a temporary file: memory does not grow with them, whoever asked gets a whole file
or none (one that breaks off half-way looks like a complete one that is shorter), and no slow line keeps a transaction
of the database open. ``alignment.kernel.tables`` reads every such file back as it was.

What a file cannot hold is refused with its places (``Unwritable``), never replaced or left out: a "?" in a name would
come to a card or into another tool as if the person were called so. Shift_JIS means CP932, Excel's own. It has one code
for both of six pairs of characters that JIS does not tell apart (the wave dash and the full-width tilde, and such), so
the first of a pair comes back as the second, which looks the same.
"""

from __future__ import annotations

import codecs
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import IO, Any, NamedTuple

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from alignment.kernel import textio

Cell = str | int | float | Decimal | bool | date | datetime | None
"""A ``datetime`` is aware, and written as the time in the zone of the file."""

MOST_ROWS = 1_048_576
"""Of a sheet of Excel, with the header."""
LONGEST_TEXT = 32_767
"""In UTF-16 units: of a cell of Excel."""
_FOLDER = "/var/tmp" if os.access("/var/tmp", os.W_OK) else None  # noqa: S108 - only files without a name, or in folders of their own
"""On the disk: a workbook of 200,000 rows takes half a gigabyte while it is written, and /tmp may be memory."""
_MOST_PLACES = 20
_FORBIDDEN_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_NO_CHARACTERS = "\uf8f0\uf8f1\uf8f2\uf8f3"
"""Private characters that Python's codec writes as bytes that are none in CP932."""
_FIRST_YEAR_OF_EXCEL = 1900
_SIGN = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_UNWRITTEN = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")


class Kind(Enum):
    """A kind of file, by the word that stands for it in addresses."""

    CSV = "csv"
    CSV_SHIFT_JIS = "csv-shift-jis"
    XLSX = "xlsx"

    @property
    def extension(self) -> str:
        return "xlsx" if self is Kind.XLSX else "csv"

    @property
    def content_type(self) -> str:
        return _CONTENT_TYPES[self]


_CONTENT_TYPES = {
    Kind.CSV: "text/csv; charset=utf-8",
    Kind.CSV_SHIFT_JIS: "text/csv; charset=Shift_JIS",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Place(NamedTuple):
    """A cell that the file cannot hold: its row as a spreadsheet counts, its column, and the character at fault.

    No character: the text is too long for a cell.
    """

    row: int
    column: str
    character: str

    @property
    def code(self) -> str:
        """U+1F600, for a character that the reader's font may not have."""
        return f"U+{ord(self.character):04X}" if self.character else ""


class Unwritable(Exception):
    """The file cannot hold these rows. No ``places``: they are too many."""

    def __init__(self, places: list[Place], *, more: int = 0) -> None:
        super().__init__(f"{len(places) + more} cells")
        self.places = places
        self.more = more


@dataclass(frozen=True)
class Written:
    """A complete file, open at its beginning, and how many rows it has below the header."""

    file: IO[bytes]
    rows: int


def write(kind: Kind, rows: Iterable[Sequence[Cell]], *, header: Sequence[str], title: str, zone: tzinfo) -> Written:
    """All rows under their header, in a temporary file that goes when it is closed. Raises ``Unwritable``."""
    file = tempfile.TemporaryFile(dir=_FOLDER)  # noqa: SIM115 - handed over to whoever sends it
    try:
        count = _WRITERS[kind](file, rows, list(header), title, zone)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return Written(file, count)


@dataclass
class _Misfits:
    """What does not fit into the file: the first places, and how many more there are."""

    header: list[str]
    places: list[Place] = field(default_factory=list)
    more: int = 0

    def add(self, row: int, column: int, character: str = "") -> None:
        if len(self.places) < _MOST_PLACES:
            self.places.append(Place(row, self.header[column], character))
        else:
            self.more += 1

    def check(self) -> None:
        if self.places:
            raise Unwritable(self.places, more=self.more)


def _write_utf8(file: IO[bytes], rows: Iterable[Sequence[Cell]], header: list[str], _title: str, zone: tzinfo) -> int:
    file.write(codecs.BOM_UTF8)
    count = 0
    for line in textio.lines(_texts(header, rows, zone)):
        file.write(line.encode())
        count += 1
    return count - 1


def _write_cp932(file: IO[bytes], rows: Iterable[Sequence[Cell]], header: list[str], _title: str, zone: tzinfo) -> int:
    count, misfits = 0, _Misfits(header)
    for cells in _texts(header, rows, zone):
        count += 1
        encoded = _cp932("".join(textio.lines([cells])))
        if encoded is not None:
            file.write(encoded)
            continue
        for column, cell in enumerate(cells):
            if character := next((character for character in cell if _cp932(character) is None), ""):
                misfits.add(count, column, character)
    misfits.check()
    return count - 1


def _cp932(text: str) -> bytes | None:
    """The bytes of a text, or None where it has a character that is not among them."""
    try:
        encoded = text.encode("cp932")
    except UnicodeEncodeError:
        return None
    return None if any(character in text for character in _NO_CHARACTERS) else encoded


def _texts(header: list[str], rows: Iterable[Sequence[Cell]], zone: tzinfo) -> Iterator[list[str]]:
    yield [textio.harmless(name) for name in header]
    for row in rows:
        yield [textio.harmless(cell) if isinstance(cell, str) else _text(cell, zone) for cell in row]


def _text(value: int | float | Decimal | date | None, zone: tzinfo) -> str:
    """In the form in which our own import reads it, whatever the language: 2026-04-01 10:00:00, 1234.5, TRUE."""
    match value:
        case bool():
            text = "TRUE" if value else "FALSE"
        case datetime():
            text = f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        case date():
            text = value.isoformat()
        case Decimal():
            text = f"{value.to_integral_value() if value == value.to_integral_value() else value:f}"
        case _:
            text = "" if value is None else str(value)
    return text


def _write_xlsx(file: IO[bytes], rows: Iterable[Sequence[Cell]], header: list[str], title: str, zone: tzinfo) -> int:
    with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:  # where the rows end in a fault, the library leaves parts
        book = _Book(file, folder, header, title, zone)
        found, count, misfits = iter(rows), 0, _Misfits(header)
        for count, row in enumerate(islice(found, MOST_ROWS - 1), start=1):
            for column, cell in enumerate(row):
                if not book.put(count, column, cell):
                    misfits.add(count + 1, column)
        misfits.check()
        if next(found, None) is not None:
            raise Unwritable([])
        book.close(count)
    return count


class _Book:
    """A workbook with one sheet, whose rows go to the folder as they come."""

    def __init__(self, file: IO[bytes], folder: str, header: list[str], title: str, zone: tzinfo) -> None:
        self.zone = zone
        self.width = len(header)
        self.book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder})
        self.book.use_zip64()
        self.sheet = self.book.add_worksheet(title.translate(_FORBIDDEN_IN_TITLES).strip()[:31] or None, _Sheet)
        # Excel keeps a text a text, also when somebody edits its cell, where the cell is quoted.
        self.quoted = self.book.add_format({"num_format": "@", "quote_prefix": True})
        self.day = self.book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_column(0, max(0, self.width - 1), 18)
        bold = self.book.add_format({"bold": True, "bottom": 1})
        for column, name in enumerate(header):
            self.sheet.write_string(0, column, name, bold)

    def put(self, row: int, column: int, cell: Cell) -> bool:
        """Write one cell by its type; a text is never a formula, a number or a link. False where it is too long."""
        match cell:
            case None | "":
                pass
            case str():
                return self._put_text(row, column, cell)
            case bool():
                self.sheet.write_boolean(row, column, cell)
            case date():
                self._put_date(row, column, cell)
            case _:
                self.sheet.write_number(row, column, cell)
        return True

    def close(self, last_row: int) -> None:
        self.sheet.autofilter(0, 0, last_row, max(0, self.width - 1))
        self.book.close()

    def _put_text(self, row: int, column: int, text: str) -> bool:
        if len(text) > LONGEST_TEXT // 2 and len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
            return False
        self.sheet.write_string(row, column, text, self.quoted if textio.harmless(text) != text else None)
        return True

    def _put_date(self, row: int, column: int, day: date) -> None:
        if day.year < _FIRST_YEAR_OF_EXCEL:
            self.sheet.write_string(row, column, _text(day, self.zone))
        elif isinstance(day, datetime):
            self.sheet.write_datetime(row, column, day.astimezone(self.zone).replace(tzinfo=None), self.moment)
        else:
            self.sheet.write_datetime(row, column, day, self.day)


class _Sheet(Worksheet):
    """Writes every text as the text it is, also where the library does not."""

    @staticmethod
    def _escape_control_characters(text: str | int) -> str | int:
        """Write what XML has no character for as ``_x0000_``, and the beginning of such a sign in the text as one.

        The library overlooks one that begins with the end of another: ``_x0041_x0042_``.
        """
        if isinstance(text, int):  # a boolean
            return text
        return _UNWRITTEN.sub(lambda found: f"_x{ord(found[0]):04X}_", _SIGN.sub("_x005F_", text))

    def _xml_rich_inline_string(self, string: str, attributes: list[tuple[str, Any]]) -> None:
        """The library takes a text such as ``<r>…</r>`` for markup of its own, which makes the file unreadable."""
        self._xml_inline_string(string, True, attributes)


_Writer = Callable[[IO[bytes], Iterable[Sequence[Cell]], list[str], str, tzinfo], int]
_WRITERS: dict[Kind, _Writer] = {Kind.CSV: _write_utf8, Kind.CSV_SHIFT_JIS: _write_cp932, Kind.XLSX: _write_xlsx}
