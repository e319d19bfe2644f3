"""Stores rows as touches, through the door of all touches: each lead is judged again once for a part of the file.

A kind may be one that is out of use: files bring the past. Touches that a program has sent under the same id are known.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel.errors import DomainError
from leads.models import TouchKind
from leads.rules import normalise
from leads.services.facts import LIMITS, TOUCH_DETAIL
from leads.services.importing import happened, lead_names, memory, parties, undoing
from leads.services.importing.context import Context, Row
from leads.services.importing.memory import Facts
from leads.services.importing.reading import RowFault
from leads.services.importing.result import Remark
from leads.services.touches import NewTouch, add_touches

_LONGEST = {"detail": TOUCH_DETAIL, "campaign": LIMITS["campaign"]}


def prepare(row: Row, *, now: datetime, **_circumstances: Any) -> Iterable[Remark]:
    """Check what the row alone tells; raises ``RowFault``."""
    lead_names.check_names_lead(row)
    lead_names.check_moment_of(row, now=now)
    if not row.fields.get("kind"):
        raise RowFault("no_kind", _("The row does not say what kind of touch it was."))
    for name, limit in _LONGEST.items():
        if len(row.fields.get(name, "")) > limit:
            message = _("“%(field)s” has more than %(max)d characters.") % {"field": name, "max": limit}
            raise RowFault("too_long", message)
    return ()


def store(rows: list[Row], context: Context) -> None:
    """Record what no file and no program has told before."""
    keys = _keys()
    leads = lead_names.found([row for row in rows if _has_kind(row, keys, context)], context)
    said = {row.number: _facts(row, leads[row.number], keys) for row in rows if row.number in leads}
    new = happened.not_yet_taken([row for row in rows if row.number in leads], said, context)
    parties.campaigns({name for row in new if (name := said[row.number]["campaign"])})
    with undoing.effects_noted(job=context.job, lead_ids={leads[row.number] for row in new}):
        done = add_touches(
            touches=[_touch(row, said[row.number]) for row in new],
            actor=context.actor,
            now=context.now,
            kinds=set(keys.values()),
            told={"import": context.result.file_name, "job": context.job.pk},
        )
    changes = []
    for row, one in zip(new, done, strict=True):
        if isinstance(one, DomainError):
            context.refuse(row, one.code, str(one.message))
        elif one.is_new:
            changes.append(happened.remembered(row, said[row.number], touch_id=one.touch.pk))
        elif memory.says_nothing_new("at", said[row.number]["at"], one.touch.at):
            context.result.unchanged += 1
        else:  # a program has told something else under this id
            context.refuse(row, "known_otherwise", happened.known_otherwise(row))
    memory.remember(changes, context)
    context.result.created += len(changes)


def _keys() -> dict[str, str]:
    """The key of every kind by all that it is called."""
    return {_plain(word): kind.key for kind in TouchKind.objects.all() for word in (kind.label_en, kind.label_ja)} | {
        key: key for key in TouchKind.objects.values_list("key", flat=True)
    }


def _plain(word: str) -> str:
    return normalise.text(word).casefold()


def _has_kind(row: Row, keys: dict[str, str], context: Context) -> bool:
    if _plain(row.fields["kind"]) in keys:
        return True
    words = {"kind": row.fields["kind"][:100], "kinds": ", ".join(sorted(set(keys.values())))}
    context.refuse(row, "no_such_kind", _("There is no kind of touch “%(kind)s”. Known are: %(kinds)s.") % words)
    return False


def _facts(row: Row, lead_id: int, keys: dict[str, str]) -> Facts:
    fields = row.fields
    return {
        "lead": lead_id,
        "kind": keys[_plain(fields["kind"])],
        "at": fields["at"],
        "detail": fields.get("detail", ""),
        "campaign": fields.get("campaign", ""),
    }


def _touch(row: Row, said: Facts) -> NewTouch:
    facts: dict[str, Any] = {name: said[name] for name in ("kind", "at", "detail", "campaign")}
    return NewTouch(**facts, lead_id=said["lead"], external_id=row.external_id if row.has_id else None)
