"""How large a file, a row and a cell may be, so that nothing that is sent can take the memory of the whole machine."""

from __future__ import annotations

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput

MB = 1024 * 1024
LARGEST = 256 * MB
MOST_COLUMNS = 1000
LONGEST_ROW = 4 * MB
"""In bytes of a text, in characters of a workbook."""
LONGEST_CELL = 131_072
"""In characters: what the csv module takes, and four times what Excel does."""


def too_long(row: int) -> InvalidInput:
    """The refusal of a row that is longer than any of a table."""
    message = _("Row %(row)d is longer than %(max)d MB: this is no table, or a quote is not closed.")
    return InvalidInput(message % {"row": row, "max": LONGEST_ROW // MB}, field="file")
