"""Writes text files that Excel opens properly and in which nothing runs."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

_SAFE_PREFIX = "'"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00")


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
