"""Reads the tables that people bring: text in any encoding of Japanese offices, XLSX, XLS, ODS, pasted rows. Pure.

    understanding = tables.understand(file, file_name="fair.xlsx")      # what it is, and how sure each part of that is
    for number, cells in tables.rows(file, understanding.reading): ...  # the header first, streamed

What a file says is never replaced and never guessed silently: a part of the reading that is not sure says so, and a
file that cannot be read is refused with ``InvalidInput`` in one sentence that says what to do.
"""

from alignment.kernel.tables.limits import LARGEST, MB, MOST_COLUMNS
from alignment.kernel.tables.reading import ENCODINGS, Binary, Certainty, Given, Reading
from alignment.kernel.tables.rows import first_lines, pasted, rows
from alignment.kernel.tables.understanding import Finding, Part, Understanding, settled, understand

__all__ = [
    "ENCODINGS",
    "LARGEST",
    "MB",
    "MOST_COLUMNS",
    "Binary",
    "Certainty",
    "Finding",
    "Given",
    "Part",
    "Reading",
    "Understanding",
    "first_lines",
    "pasted",
    "rows",
    "settled",
    "understand",
]
