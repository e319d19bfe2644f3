"""What happened once and is never rewritten (touches, activities): taken from the first file that tells it."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from leads.selectors import identity
from leads.services.importing import memory
from leads.services.importing.context import Context, Row
from leads.services.importing.memory import Change, Facts

TOLD = ("lead", "kind", "outcome", "at", "detail", "note", "done_by")


def not_yet_taken(rows: Iterable[Row], said: dict[int, Facts], context: Context) -> list[Row]:
    """The rows that no file of this system has told before.

    A row that is known and says the same changes nothing, also where its lead became part of another since; one that
    says otherwise is refused, and what was taken stays.
    ``said`` are the facts of each row by its number.
    """
    rows = list(rows)
    before = memory.recall(rows, context)
    standing = identity.standing_for({known["lead"] for known in before.values()})
    new = []
    for row in rows:
        known = before.get(row.external_id)
        if known is None:
            new.append(row)
        elif _says_the_same(said[row.number], known | {"lead": standing.get(known["lead"])}):
            context.result.unchanged += 1
        else:
            context.refuse(row, "known_otherwise", known_otherwise(row))
    return new


def known_otherwise(row: Row) -> str:
    """Why a row whose id stands for something else is not taken."""
    message = _("“%(id)s” was taken before and said something else. What happened is not rewritten: use another id.")
    return message % {"id": row.external_id}


def remembered(row: Row, said: Facts, **ids: int) -> Change:
    """What is to be remembered of a new row."""
    plain = {name: memory.plain(value) for name, value in said.items() if memory.plain(value) is not None}
    return Change(row, None, {}, {}, plain | ids, is_new=True)


def _says_the_same(said: Facts, known: Facts) -> bool:
    return all(
        memory.plain(said.get(name)) == known.get(name)
        or (name == "at" and memory.says_nothing_new(name, said["at"], memory.moment(known[name])))
        for name in TOLD
    )
