"""What the stores of all kinds share: the row as understood, companies and people by name, and what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model

from alignment.accounts.models import User
from alignment.accounts.roles import Role, Side
from leads.models import Account
from leads.rules import normalise
from leads.rules.mappings import Mapping
from leads.services.importing.result import ImportResult

BATCH = 1000
DERIVED = frozenset({"account_id", "email_domain", "is_free_mail"})


@dataclass(frozen=True)
class Row:
    """One row of the file. ``fields`` by our names, ``custom`` what the mapping keeps, ``cells`` as they stood."""

    number: int
    external_id: str
    fields: dict[str, Any]
    custom: dict[str, str]
    cells: list[str]


@dataclass(frozen=True)
class Context:
    mapping: Mapping
    actor: User
    now: datetime
    zone: ZoneInfo
    result: ImportResult


def accounts_by_key(names: Iterable[str], *, now: datetime) -> dict[str, Account]:
    """The companies of these names by normalised name; the new ones are made in one statement."""
    wanted = {normalise.company_key(name)[:200]: name for name in names}
    wanted.pop("", None)
    known = set(Account.objects.filter(name_key__in=wanted).values_list("name_key", flat=True))
    Account.objects.bulk_create(
        [
            Account(name=normalise.text(name)[:200], name_key=key, created_at=now)
            for key, name in wanted.items()
            if key not in known
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    return {account.name_key: account for account in Account.objects.filter(name_key__in=wanted)}


def people_by_name(names: Iterable[str]) -> dict[str, User]:
    """The people of these names (or e-mail addresses); an unknown name becomes an inactive person to match later."""
    wanted = {name for name in names if name}
    people: dict[str, User] = {}
    candidates = User.objects.filter(full_name__in=wanted) | User.objects.filter(email__in=wanted)
    for user in candidates.order_by("is_active", "-pk"):  # the active and oldest of a name comes last and stays
        people[user.full_name] = user
        if user.email:
            people[user.email] = user
    missing = [
        User(full_name=name, email=None, role=Role.SALES_REP, side=Side.SALES, is_active=False, password="!")
        for name in sorted(wanted - people.keys())
    ]
    User.objects.bulk_create(missing)
    return people | {user.full_name: user for user in missing}


def changes(record: Model, wanted: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What the file says otherwise than the record: ``{column: (old, new)}``; a blank in the file changes nothing."""
    return {
        column: (getattr(record, column), value)
        for column, value in wanted.items()
        if value not in (None, "", {}) and getattr(record, column) != value
    }


def as_event_data(difference: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    """What changed, in the form of every other change, which timeline and the guard of open forms read.

    Columns that follow from others are not said again.
    """
    return {
        "changes": {
            column: [_plain(old), _plain(new)] for column, (old, new) in difference.items() if column not in DERIVED
        }
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
