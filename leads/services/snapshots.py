"""The columns of a record that a merge or an import may change, kept so that they can go back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model

from leads.services.facts import TEXT_FACTS

Snapshot = dict[str, Any]
"""Values by column, in a form that JSON holds."""

COLUMNS = (
    *TEXT_FACTS,
    "email_domain",
    "is_free_mail",
    "account_id",
    "campaign_id",
    "custom",
    "owner_id",
    "captured_at",
    "qualified_at",
    "first_contacted_at",
    "stage",
    "verdict_id",
)


def take(record: Model, columns: Collection[str] = COLUMNS) -> Snapshot:
    """How a record stands now."""
    return {column: _plain(getattr(record, column)) for column in columns}


def differing(before: Snapshot, after: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Of both only what differs."""
    columns = [column for column in before if before[column] != after[column]]
    return {column: before[column] for column in columns}, {column: after[column] for column in columns}


def put_back(record: Model, *, before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Set the columns to what they were before, where they still are as they were left (unsaved); return the others."""
    fields = {field.attname: field for field in record._meta.concrete_fields}
    now_there = take(record, before)
    changed_since = {column for column in before if now_there[column] != after[column]}
    for column in before.keys() - changed_since:
        setattr(record, column, fields[column].to_python(before[column]))
    return changed_since


def told(before: Snapshot, after: Snapshot) -> dict[str, list[Any]]:
    """The texts that changed, as the story of a lead tells them."""
    return {name: [before[name], after[name]] for name in TEXT_FACTS if before[name] != after[name]}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
