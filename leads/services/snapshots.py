"""The columns of a record that a merge or an import may change, kept so that they can go back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Model

from leads.models import Lead
from leads.rules.custom import PREFIX
from leads.services.companies import standing_for
from leads.services.facts import TEXT_FACTS

Snapshot = dict[str, Any]
"""Values by column, and of ``custom`` by its keys, in a form that JSON holds."""

COLUMNS = (
    *TEXT_FACTS,
    "email_domain",
    "is_free_mail",
    "account_id",
    "campaign_id",
    "owner_id",
    "captured_at",
    "qualified_at",
    "first_contacted_at",
    "stage",
    "verdict_id",
)
WRITTEN = tuple(field.name for field in Lead._meta.concrete_fields if field.attname in (*COLUMNS, "custom"))
"""The fields that ``put_back`` may set."""
_TOGETHER = frozenset({"stage", "verdict_id", "qualified_at"})
"""Where a lead stands: put back as one, and not at all once it has moved on."""


def take(record: Model, columns: Collection[str] = COLUMNS) -> Snapshot:
    """How a record stands now."""
    return {column: _plain(getattr(record, column)) for column in columns} | {
        f"{PREFIX}{key}": value for key, value in _custom(record).items()
    }


def differing(before: Snapshot, after: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Of both only what differs, and always the stage; None for a key of ``custom`` that is not there."""
    names = [name for name in {**before, **after} if name == "stage" or before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}


def with_standing_companies(*snapshots: Snapshot) -> list[Snapshot]:
    """The same, but for companies that were merged away since: who was theirs is the survivor's now.

    Locks the companies, so it comes before the leads are locked, as everywhere.
    """
    known = standing_for({pk for one in snapshots if (pk := one.get("account_id"))})
    return [one | {"account_id": known.get(one["account_id"])} if one.get("account_id") else one for one in snapshots]


def put_back(record: Model, *, before: Snapshot, after: Snapshot) -> set[str]:
    """Set what was changed to what it was before, where it still is as it was left (unsaved); return the rest."""
    fields = {field.attname: field for field in record._meta.concrete_fields}
    now_there = take(record, [name for name in before if name in fields])
    changed_since = {name for name in before if now_there.get(name) != after[name]}
    if changed_since & _TOGETHER:
        changed_since |= {name for name in _TOGETHER & before.keys() if before[name] != after[name]}
    custom = _custom(record)
    for name in before.keys() - changed_since:
        if not name.startswith(PREFIX):
            setattr(record, name, fields[name].to_python(before[name]))
        elif before[name] is None:
            custom.pop(name.removeprefix(PREFIX), None)
        else:
            custom[name.removeprefix(PREFIX)] = before[name]
    if isinstance(record, Lead):
        record.custom = custom
    return {name for name in changed_since if before[name] != after[name]}


def _custom(record: Model) -> dict[str, Any]:
    """What leads, and no other records, hold beside their columns."""
    return dict(record.custom) if isinstance(record, Lead) else {}


def told(before: Snapshot, after: Snapshot) -> dict[str, list[Any]]:
    """The facts that changed, as the story of a lead tells them."""
    names = [*TEXT_FACTS, *(name for name in {**before, **after} if name.startswith(PREFIX))]
    pairs = {name: [before.get(name), after.get(name)] for name in names}
    return {name: [old, new] for name, (old, new) in pairs.items() if (old or "") != (new or "")}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
