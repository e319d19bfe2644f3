"""What the rows before had, kept on disk: memory does not grow with the file."""

from __future__ import annotations

import sqlite3


class Seen:
    """The ids that came before, each with its first row, and how often a row without an id said the same."""

    def __init__(self) -> None:
        self._kept = sqlite3.connect("", isolation_level=None)  # a database of its own in a file that goes with it
        self._kept.executescript("""
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            CREATE TABLE ids (id TEXT PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE texts (said TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID;
            BEGIN;
        """)

    def first_row(self, external_id: str, number: int) -> int:
        """The number of the first row with this id: of this one, or of one before it."""
        if self._kept.execute("INSERT OR IGNORE INTO ids VALUES (?, ?)", (external_id, number)).rowcount:
            return number
        return int(self._kept.execute("SELECT row FROM ids WHERE id = ?", (external_id,)).fetchone()[0])

    def times(self, said: str) -> int:
        """How many rows have said this so far, this one included."""
        note = "INSERT INTO texts VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1"
        self._kept.execute(note, (said,))
        return int(self._kept.execute("SELECT times FROM texts WHERE said = ?", (said,)).fetchone()[0])
