"""Rows under lock, read once the lock is held, and what is done where two wait for each other all the same.

Nobody else changes them till then. A row that only names a locked one may be written meanwhile, so that two who have
locked a row each, and write what names both, don't wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import OperationalError
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)
Result = TypeVar("Result")

TRIES = 5
_DEADLOCK = "40P01"


def despite_deadlocks(change: Callable[[], Result]) -> Result:
    """Do ``change``, a transaction or a part of one, and again where PostgreSQL undid it because others waited for it.

    For changes of many rows that cannot all be locked in one order, as which they are shows only on the way. What it
    had locked is free before it begins anew, so the others come through. It must leave nothing outside the database.
    """
    for _earlier in range(TRIES - 1):
        try:
            return change()
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", None) != _DEADLOCK:
                raise
    return change()


def locked(rows: QuerySet[Row], *related: str) -> Row | None:
    """Lock the one row that ``rows`` finds and read it afterwards, joined with ``related``; None where there is none.

    Two statements on purpose. A single ``select_for_update().select_related()`` that has to wait joins the row as it
    has become with the partners of the row as it was: a relation that changed meanwhile comes back as None.
    """
    pk = rows.select_for_update(no_key=True).values_list("pk", flat=True).first()
    return None if pk is None else _joined(rows, related).get(pk=pk)


def locked_all(rows: QuerySet[Row], *related: str, skip_locked: bool = False) -> list[Row]:
    """The same for several rows, locked and given in the order of ``rows``, which must be a full one."""
    pks = list(rows.select_for_update(skip_locked=skip_locked, no_key=True).values_list("pk", flat=True))
    found = _joined(rows, related).in_bulk(pks)
    return [found[pk] for pk in pks]


def _joined(rows: QuerySet[Row], related: Sequence[str]) -> QuerySet[Row]:
    every = rows.model._base_manager.all()
    return every.select_related(*related) if related else every
