"""What came of an import, row by row where something is to be said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from alignment.kernel import textio


@dataclass(frozen=True)
class Remark:
    """Something to say of one row of the file (``row`` counts as a spreadsheet does: the header is row 1)."""

    row: int
    code: str
    message: str


@dataclass(frozen=True)
class Example:
    """One row of an ``outcome``: qualified, new, updated, matched, suspected. ``facts``: what a page tells of it."""

    outcome: str
    row: int
    facts: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, **self.facts}


EXAMPLES = 5
"""So many of each outcome are kept."""

Refusal = tuple[Remark, list[str]]
"""Why a row was refused, and its cells."""


@dataclass
class ImportResult:
    """Counts, refused rows with their cells, warnings of rows that were taken all the same, and notes on the file."""

    kind: str
    file_name: str
    system: str
    dry_run: bool
    read: int = 0
    headers: list[str] = field(default_factory=list)
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    matched: int = 0
    suspected: int = 0
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    qualified: int = 0
    """How many of the new leads are qualified: by the definition in force or, of history, by the file.

    ``matched``: of the rows of known leads, those recognised by something else than their id. ``suspected``: of the new
    leads, those that resemble another. ``read``: how many bytes of the file were read till the end of this part.
    """

    def add(self, part: ImportResult) -> None:
        """Count what came of the next part of the same file."""
        self.headers = part.headers
        self.rows += part.rows
        self.created += part.created
        self.updated += part.updated
        self.unchanged += part.unchanged
        self.matched += part.matched
        self.suspected += part.suspected
        self.qualified += part.qualified
        self.refused += part.refused
        self.warnings += part.warnings
        for note in part.notes:
            self.note(note)

    def refuse(self, row: int, code: str, message: str, cells: list[str]) -> None:
        self.refused.append((Remark(row, code, message), cells))

    def warn(self, row: int, code: str, message: str) -> None:
        self.warnings.append(Remark(row, code, message))

    def show(self, outcome: str, row: int, **facts: Any) -> None:
        """Keep a row as an example, as long as there are few of its outcome."""
        if sum(example.outcome == outcome for example in self.examples) < EXAMPLES:
            self.examples.append(Example(outcome, row, facts))

    def note(self, text: str) -> None:
        """Say something of the whole file, once."""
        if text not in self.notes:
            self.notes.append(text)

    def counts(self) -> dict[str, int]:
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "matched": self.matched,
            "suspected": self.suspected,
            "qualified": self.qualified,
            "refused": len(self.refused),
            "warned": len(self.warnings),
        }

    def as_json(self) -> dict[str, Any]:
        """The whole result for programs."""
        return {
            "kind": self.kind,
            "file": self.file_name,
            "system": self.system,
            "dry_run": self.dry_run,
            **self.counts(),
            "refused_by_code": dict(Counter(remark.code for remark, _cells in self.refused)),
            "errors": [vars(remark) for remark, _cells in self.refused[:100]],
            "warnings": [vars(remark) for remark in self.warnings],
            "notes": self.notes,
        }

    def errors_csv(self, *, reason_header: str) -> bytes:
        """The refused rows as they stood in the file, with the reason in front."""
        width = len(self.headers)
        body = [[f"{r.row}: {r.message}", *cells[:width]] for r, cells in self.refused]
        return textio.write([reason_header, *self.headers], body)
