"""Rows of a text: cells between separators, with quotes around line ends, each row within bounds."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import encodings
from alignment.kernel.tables.limits import LONGEST_CELL, LONGEST_ROW, MOST_COLUMNS, too_long
from alignment.kernel.tables.reading import Binary

DELIMITERS = ",\t;"
_SAMPLE = 50


def rows(file: Binary, *, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Every row from the first; an empty line is a row without cells. The file stays open."""
    file.seek(0)
    if encoding.startswith("utf-16-") and file.read(2) not in encodings.UTF16_MARKS:  # these two codecs keep the mark
        file.seek(0)
    bounded = _Bounded(file)
    text = io.TextIOWrapper(io.BufferedReader(bounded), encoding=encodings.codec(encoding), newline="")
    count = 0
    try:
        for cells in csv.reader(text, delimiter=delimiter, strict=False):
            count += 1
            bounded.left = LONGEST_ROW
            yield cells
    except csv.Error as error:
        raise _unreadable(count + 1, error) from error
    except _TooLong as error:
        raise too_long(count + 1) from error
    except UnicodeDecodeError:
        encodings.check(file, encoding)  # says where
        raise


def delimiters(file: Binary, *, encoding: str) -> tuple[str, ...]:
    """The separators that part the first rows into cells, the one that does so most evenly first.

    Without any the file has one column, and a comma parts it as well as anything else.
    """
    found = {}
    for delimiter in DELIMITERS:
        try:
            widths = _widths(rows(file, encoding=encoding, delimiter=delimiter))
        except InvalidInput:  # whole rows in one cell, or a quote that is none
            continue
        if widths:
            width, times = widths.most_common(1)[0]
            found[delimiter] = times, width
    return tuple(sorted(found, key=found.__getitem__, reverse=True)) or (",",)


def _widths(found: Iterator[list[str]]) -> Counter[int]:
    """How many of the first rows have how many cells, if more than one; a row that is far too wide is enough.

    A row of blanks says nothing: a cell that holds a tab is no row of two.
    """
    widths: Counter[int] = Counter()
    for cells in islice(found, _SAMPLE):
        if len(cells) > 1 and any(cell.strip() for cell in cells):
            widths[len(cells)] += 1
        if len(cells) > MOST_COLUMNS:
            break
    return widths


class _TooLong(Exception):
    """A row goes on and on."""


class _Bounded(io.RawIOBase):
    """The bytes of a file, as long as each row needs no more of them than it may."""

    def __init__(self, file: Binary) -> None:
        self.file = file
        self.left = LONGEST_ROW

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.left < 0:
            raise _TooLong
        count = self.file.readinto(buffer)
        self.left -= count
        return count


def _unreadable(row: int, error: csv.Error) -> InvalidInput:
    if "field limit" in str(error):
        message = _("A cell of row %(row)d is longer than %(max)d characters: is a quote not closed?")
        return InvalidInput(message % {"row": row, "max": LONGEST_CELL}, field="file")
    message = _("The file is not a readable table: %(error)s.")
    return InvalidInput(message % {"error": f"{row}: {error}"}, field="file")
