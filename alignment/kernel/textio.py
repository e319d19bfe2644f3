"""Writes text files that Excel opens properly and in which nothing runs, and takes back the mark that this needs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

_GUARD = "'"
_NEEDS_GUARD = re.compile("'*[=+\\-@\t\r\x00]")
"""What a spreadsheet takes for a formula; also with guards before it, so that each can be taken away again."""


def write(header: Sequence[str], body: Iterable[Sequence[str]]) -> bytes:
    """A CSV that Excel opens properly: UTF-8 with BOM, CRLF, and no cell that would run as a formula."""
    guarded = ([harmless(cell) for cell in row] for row in chain((header,), body))
    return "".join(lines(guarded)).encode("utf-8-sig")


def lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a CSV as Excel writes them (CRLF), row by row, for files of any length."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow(row)
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def harmless(cell: str) -> str:
    """The cell with a quote in front where a spreadsheet would take it for a formula."""
    return _GUARD + cell if _NEEDS_GUARD.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before ``harmless``; any other stays as it is, also one that begins with a quote."""
    return cell[1:] if cell.startswith(_GUARD) and _NEEDS_GUARD.match(cell) else cell
