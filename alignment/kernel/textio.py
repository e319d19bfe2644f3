"""Reads and writes text files as Japanese offices have them: UTF-8 with and without BOM, UTF-16, CP932, EUC-JP.

Bytes that fit none of them are refused with the place of the fault and never replaced.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput

ENCODINGS = ("utf-8-sig", "utf-16", "cp932", "euc_jp")
_NO_TEXT = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff")
"""How spreadsheets, archives, documents and pictures begin, whatever their names end in."""
_SAFE_PREFIX = "'"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00")


def decode(raw: bytes, *, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file and the encoding it was in.

    Without ``encoding``: UTF-16 and UTF-8 by their marks, then strict UTF-8, then CP932. EUC-JP is read only when it is
    named, because its bytes often fit CP932 too. Raises ``InvalidInput`` with line and byte of what does not fit.
    """
    if encoding is not None:
        if encoding not in ENCODINGS and encoding != "utf-8":
            raise InvalidInput(_("Use one of these encodings: %(names)s.") % {"names": ", ".join(ENCODINGS)})
        return _strictly(raw, "utf-8-sig" if encoding == "utf-8" else encoding), encoding
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(raw, "utf-16"), "utf-16"
    if raw.startswith(_NO_TEXT):
        raise InvalidInput(_("This is no text file. Save the table as CSV and try again."))
    if raw.count(b"\x00") > len(raw) // 4:
        raise InvalidInput(_("This looks like UTF-16 without its mark. Name the encoding: utf-16."))
    try:
        return raw.decode("utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError:
        return _strictly(raw, "cp932"), "cp932"


def numbered_rows(text: str, *, delimiter: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Every row with its number as a spreadsheet counts, from 1; an empty line is a row without cells.

    The separator (comma, tab, semicolon) is taken from the first line unless given.
    """
    if delimiter is None:
        first = text.lstrip("\r\n").partition("\n")[0]
        delimiter = max(",\t;", key=first.count)
    try:
        yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False), start=1)
    except csv.Error as error:
        raise InvalidInput(_("The file is not a readable table: %(error)s.") % {"error": error}) from error


def write(header: Sequence[str], body: Iterable[Sequence[str]]) -> bytes:
    """A CSV that Excel opens properly: UTF-8 with BOM, CRLF, and no cell that would run as a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in (header, *body):
        writer.writerow([harmless(cell) for cell in row])
    return codecs.BOM_UTF8 + out.getvalue().encode("utf-8")


def harmless(cell: str) -> str:
    """The cell with a quote in front where a spreadsheet would take it for a formula."""
    return _SAFE_PREFIX + cell if cell.startswith(_FORMULA_STARTS) else cell


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = _("Line %(line)d (byte %(byte)d) is not text in %(encoding)s. Name the file's encoding.")
        values = {"line": line, "byte": error.start, "encoding": encoding}
        raise InvalidInput(message % values) from error
