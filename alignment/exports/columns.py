"""Lists that can be taken as files: their names, their columns, and their rows as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alignment.kernel.sheets import Cell, Kind

_AT_ONCE = 2000
KINDS: dict[str, Promise] = {
    Kind.XLSX.value: _("Excel workbook"),
    Kind.CSV.value: _("CSV for Excel"),
    Kind.CSV_SHIFT_JIS.value: _("CSV for older tools"),
}
"""What the kinds of files are called."""


@dataclass(frozen=True)
class Listing:
    """A list that can be taken as a file: the URL name of its export, and its title. Each is known once it is made."""

    name: str
    title: Promise

    KNOWN: ClassVar[dict[str, Listing]] = {}

    def __post_init__(self) -> None:
        self.KNOWN[self.name] = self


@dataclass(frozen=True)
class Column:
    """One column: its name, where the query has its value (``account__industry``), and how that is said in the file."""

    label: str | Promise
    source: str | Combinable
    show: Callable[[Any], Cell] | None = None


def in_words(choices: Iterable[tuple[str, str | Promise]]) -> Callable[[str | None], str]:
    """What a choice is called in the active language, for ``Column.show``."""
    words = dict(choices)
    return lambda value: str(words.get(value, value)) if value else ""


def header(columns: Sequence[Column]) -> list[str]:
    """The names of the columns in the active language, beginning as a sentence does."""
    return [str(column.label)[:1].upper() + str(column.label)[1:] for column in columns]


def rows(found: QuerySet[Any], columns: Sequence[Column]) -> Iterator[list[Cell]]:
    """The rows of a query, in its order, by one statement and a cursor of the server; no objects are made.

    Within a transaction, so that the cursor needs no copy of all rows, and each fetch has the time of a statement.
    """
    shows = [(place, column.show) for place, column in enumerate(columns) if column.show]
    for values in found.values_list(*(column.source for column in columns)).iterator(chunk_size=_AT_ONCE):
        row = list(values)
        for place, show in shows:
            row[place] = show(row[place])
        yield row
