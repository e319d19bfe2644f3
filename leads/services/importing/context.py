"""What the stores of all kinds share: the row as understood, and the run it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alignment.accounts.models import User
from leads.models import ImportJob
from leads.rules.mappings import Mapping
from leads.selectors.matching import Person
from leads.services.importing.result import ImportResult

BATCH = 1000


@dataclass
class Row:
    """One row of the file. ``fields`` by our names, ``custom`` what the mapping keeps, ``cells`` as they stood.

    ``number`` counts as a spreadsheet does. Without an id of its own (``has_id``), ``external_id`` follows from what
    the row says. Where it follows from a name alone, ``called`` is that name as people know it.

    What the kind prepares: ``said`` are the facts in the form in which they are kept, without blanks, ``company`` those
    of the company that the row names, ``person`` who it is, ``new`` what is stored of a new record.
    """

    number: int
    external_id: str
    has_id: bool
    fields: dict[str, Any]
    custom: dict[str, str]
    cells: list[str]
    said: dict[str, Any] = field(default_factory=dict)
    company: dict[str, Any] = field(default_factory=dict)
    person: Person = field(default_factory=Person)
    new: str = ""
    called: str = ""

    @property
    def display_name(self) -> str:
        """How people call whom the row is about."""
        who = self.said.get("full_name") or self.said.get("email") or self.external_id
        return " · ".join(filter(None, (who, self.said.get("company_name"))))[:200]


@dataclass(frozen=True)
class Context:
    """The run that rows belong to; ``result`` is that of their part."""

    mapping: Mapping
    actor: User
    now: datetime
    zone: ZoneInfo
    result: ImportResult
    job: ImportJob

    def refuse(self, row: Row, code: str, message: str) -> None:
        self.result.refuse(row.number, code, message, row.cells)


@dataclass(frozen=True)
class Undoing:
    """An import that is being taken back, by whom, and what time it is."""

    job: ImportJob
    actor: User
    now: datetime

    def told(self, external_id: str | None = None, **more: Any) -> dict[str, Any]:
        """What events say of it."""
        told = {"job": self.job.pk, "system": self.job.source_system}
        return (told | {"id": external_id} if external_id else told) | more
