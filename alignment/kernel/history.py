"""What the database itself refuses, whoever asks: history is written once, and what was agreed or stamped stays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db.models import Model

MAY_EMPTY = "alignment.may_empty_history"
"""The session setting under which tables of history may be truncated: the tests need it between two of them."""

_Tracked = TypeVar("_Tracked", bound=type[Model])


def _not_emptied() -> pgtrigger.Trigger:
    """Row triggers do not see TRUNCATE; this one does."""
    return pgtrigger.Trigger(
        name="not_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=f"""
            IF current_setting('{MAY_EMPTY}', true) IS DISTINCT FROM 'yes' THEN
                RAISE EXCEPTION 'pgtrigger: Cannot truncate the table %', TG_TABLE_NAME;
            END IF;
            RETURN NULL;
        """,
    )


def append_only() -> list[pgtrigger.Trigger]:
    """For tables of events: the database refuses to change, remove or truncate rows."""
    changed = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
    return [changed, _not_emptied()]


def kept() -> list[pgtrigger.Trigger]:
    """For tables whose rows may change in part: the database refuses to remove or truncate them."""
    return [pgtrigger.Protect(name="kept", operation=pgtrigger.Delete), _not_emptied()]


def final(*fields: str, name: str) -> pgtrigger.Trigger:
    """These columns never change once the row is written."""
    return pgtrigger.ReadOnly(name=name, fields=list(fields))


def checked(relation: str, *, name: str, func: str) -> pgtrigger.Trigger:
    """Before a row in which this relation is set is written: ``func``, PL/pgSQL that returns the row or refuses it."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(f"{relation}_id"),
        condition=pgtrigger.Q(**{f"new__{relation}__isnull": False}),
        func=func,
    )


def refused(model: type[Model]) -> set[str]:
    """What the table of this model refuses whatever the row: UPDATE, DELETE, both or neither."""
    triggers = getattr(model._meta, "triggers", [])
    always = [trigger for trigger in triggers if type(trigger) is pgtrigger.Protect and trigger.condition is None]
    return {str(operation) for trigger in always for operation in trigger.operation or ()}


def tracked(model_name: str, *, removals: bool = False, **options: Any) -> Callable[[_Tracked], _Tracked]:
    """Keep every version of a row in the append-only table ``model_name``, written by triggers.

    ``removals``: also the last version of a row that is removed.
    """
    events = [pghistory.InsertEvent(), pghistory.UpdateEvent(), *([pghistory.DeleteEvent()] if removals else [])]
    return pghistory.track(*events, model_name=model_name, meta={"triggers": [_not_emptied()]}, **options)


def written_by(actor_id: int, **told: Any) -> AbstractContextManager[Any]:
    """Within it, new rows of history name this person, whichever door the change came through, and what is ``told``."""
    return pghistory.context(user=actor_id, **told)
