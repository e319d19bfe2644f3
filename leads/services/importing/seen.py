"""What the earlier parts of a file had, kept in a temporary table: memory does not grow with the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db import connection

from leads.services.importing.context import Row


class Seen:
    """The ids that came before, each with its first row, and how often a row without an id said the same."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS leads_seenrow")
            cursor.execute(
                "CREATE TEMP TABLE leads_seenrow (key text PRIMARY KEY, row int NOT NULL, times int NOT NULL)"
            )

    def first_rows(self, rows: Sequence[Row]) -> dict[str, int]:
        """Note the ids of a part, and return the row in which each came first, in this part or an earlier one."""
        first: dict[str, int] = {}
        for row in rows:
            if row.has_id:
                first.setdefault(row.external_id, row.number)
        return {key: row for key, row, _times in self._note(first, Counter(first.keys()))}

    def times_before(self, rows: Sequence[Row]) -> Counter[str]:
        """Note the rows of a part that have no id, and return how often earlier parts had one that says the same."""
        now = Counter(row.external_id for row in rows if not row.has_id)
        return Counter({key: times - now[key] for key, _row, times in self._note(dict.fromkeys(now, 0), now)})

    def _note(self, first: dict[str, int], times: Counter[str]) -> list[tuple[str, int, int]]:
        if not first:
            return []
        keys = list(first)
        sql = """
            INSERT INTO leads_seenrow AS seen (key, row, times) SELECT * FROM unnest(%s::text[], %s::int[], %s::int[])
            ON CONFLICT (key) DO UPDATE SET times = seen.times + EXCLUDED.times RETURNING key, row, times
        """
        with connection.cursor() as cursor:
            cursor.execute(sql, [keys, [first[key] for key in keys], [times[key] for key in keys]])
            return list(cursor.fetchall())
