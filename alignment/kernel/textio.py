"""Reads and writes text files as Japanese offices have them: UTF-8 with and without BOM, UTF-16, CP932, EUC-JP.

Bytes that fit none of them are refused with the place of the fault and never replaced.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TextIO

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput

ENCODINGS = ("utf-8-sig", "utf-16", "cp932", "euc_jp")
_NO_TEXT = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff")
"""How spreadsheets, archives, documents and pictures begin, whatever their names end in."""
Binary = io.BufferedReader | io.BufferedRandom | io.BytesIO
_PIECE = 1024 * 1024
_LONGEST_LINE = 100_000
_SAFE_PREFIX = "'"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00")


def opened(file: Binary, *, encoding: str | None = None) -> tuple[TextIO, str]:
    """The file as text, with its line ends as they are, and the encoding it is in; takes the file over.

    Every byte has been read once and fits, so that nothing comes to light half-way. Without ``encoding``: UTF-16 and
    UTF-8 by their marks, then strict UTF-8, then CP932. EUC-JP is read only when it is named, because its bytes often
    fit CP932 too. Raises ``InvalidInput`` with line and byte of what does not fit.
    """
    if encoding is None:
        encoding = _encoding(file)
    elif encoding not in ENCODINGS and encoding != "utf-8":
        raise InvalidInput(_("Use one of these encodings: %(names)s.") % {"names": ", ".join(ENCODINGS)})
    else:
        _check(file, _codec(encoding))
    file.seek(0)
    return io.TextIOWrapper(file, encoding=_codec(encoding), newline=""), encoding


def numbered_rows(text: TextIO, *, delimiter: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Every row of a CSV text with its number as a spreadsheet counts, from 1; an empty line is a row without cells.

    The separator (comma, tab, semicolon) is taken from the first line that is not empty unless given.
    """
    if delimiter is None:
        delimiter = max(",\t;", key=_first_line(text).count)
    try:
        yield from enumerate(csv.reader(text, delimiter=delimiter, strict=False), start=1)
    except csv.Error as error:
        raise InvalidInput(_("The file is not a readable table: %(error)s.") % {"error": error}) from error


def _first_line(text: TextIO) -> str:
    line = text.readline(_LONGEST_LINE)
    while line in ("\n", "\r", "\r\n"):
        line = text.readline(_LONGEST_LINE)
    text.seek(0)
    return line


def write(header: Sequence[str], body: Iterable[Sequence[str]]) -> bytes:
    """A CSV that Excel opens properly: UTF-8 with BOM, CRLF, and no cell that would run as a formula."""
    return b"".join(lines(header, body))


def lines(header: Sequence[str], body: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The same, row by row, for files of any length."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    yield codecs.BOM_UTF8
    for row in chain((header,), body):
        writer.writerow([harmless(cell) for cell in row])
        yield out.getvalue().encode("utf-8")
        out.seek(0)
        out.truncate()


def harmless(cell: str) -> str:
    """The cell with a quote in front where a spreadsheet would take it for a formula."""
    return _SAFE_PREFIX + cell if cell.startswith(_FORMULA_STARTS) else cell


def _encoding(file: Binary) -> str:
    file.seek(0)
    head = file.read(_PIECE)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _check(file, "utf-16")
        return "utf-16"
    if head.startswith(_NO_TEXT):
        raise InvalidInput(_("This is no text file. Save the table as CSV and try again."))
    if head.count(b"\x00") > len(head) // 4:
        raise InvalidInput(_("This looks like UTF-16 without its mark. Name the encoding: utf-16."))
    try:
        _check(file, "utf-8-sig")
    except InvalidInput:
        _check(file, "cp932")
        return "cp932"
    return "utf-8-sig"


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _check(file: Binary, codec: str) -> None:
    """Read the whole file in pieces; refuse the first byte that does not fit, with its place."""
    decoder = codecs.getincrementaldecoder(codec)()
    file.seek(0)
    read, lines, piece = 0, 1, b"anything"
    while piece:
        held = decoder.getstate()[0]  # the beginning of a character that the piece before ended in
        piece = file.read(_PIECE)
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            message = _("Line %(line)d (byte %(byte)d) is not text in %(encoding)s. Name the file's encoding.")
            line = lines + (held + piece).count(b"\n", len(held), error.start)
            values = {"line": line, "byte": read - len(held) + error.start, "encoding": codec}
            raise InvalidInput(message % values) from error
        read += len(piece)
        lines += piece.count(b"\n")
