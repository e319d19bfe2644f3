"""The rows of a file by its reading, streamed."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import encodings, texts, workbooks
from alignment.kernel.tables.reading import Binary, Reading
from alignment.kernel.textio import unguarded

Numbered = tuple[int, list[str]]
_BEGINNING = 16 * 1024


def rows(file: Binary, reading: Reading) -> Iterator[Numbered]:
    """Every row from the header on with its number as a spreadsheet counts, in memory that does not grow with the file.

    An empty row is one without cells. In a text the quote is taken away that a program has put before a cell so that
    no spreadsheet runs it as a formula (``textio.harmless``): '+81 is +81. Cells of a workbook are texts too: dates as
    2026-11-23, with a time as 2026-11-23 10:05:00, 2000.0 as 2000, booleans as TRUE and FALSE, errors as nothing.
    Raises ``InvalidInput`` where the file is not what the reading says, also half-way.
    """
    for number, cells in enumerate(_every_row(file, reading), start=1):
        if number >= reading.header_row:
            yield number, cells


def first_lines(file: Binary, *, encoding: str, count: int) -> list[str]:
    """The first lines of a text as they stand, separators and quotes included; the last may be cut."""
    file.seek(0)
    beginning = codecs.getincrementaldecoder(encodings.codec(encoding))("replace").decode(file.read(_BEGINNING))
    return beginning.removeprefix("\ufeff").splitlines()[:count]


def pasted(text: str) -> io.BytesIO:
    """A file of rows that were copied from a spreadsheet, or from anywhere, and pasted."""
    try:
        return io.BytesIO(text.encode("utf-8-sig"))
    except UnicodeEncodeError as error:
        raise InvalidInput(_("This text has a character that cannot be stored."), field="rows") from error


def _every_row(file: Binary, reading: Reading) -> Iterator[list[str]]:
    if reading.format == "text":
        assert reading.encoding
        assert reading.delimiter
        for cells in texts.rows(file, encoding=reading.encoding, delimiter=reading.delimiter):
            yield [unguarded(cell) for cell in cells]
        return
    with workbooks.opened(file, sheet=reading.sheet) as (_workbook, found):
        yield from found
