"""Companies, campaigns and people that rows name. All are made in the order of their keys, so that two imports at the
same moment wait for each other and never in a circle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db.models.functions import Lower

from alignment.accounts.models import User
from alignment.accounts.roles import Role, Side
from leads.models import Account, Campaign
from leads.rules import normalise
from leads.services.campaigns import campaigns_named
from leads.services.companies import by_key, ids_by_key
from leads.services.importing.context import BATCH

Found = TypeVar("Found")
COMPANY_FACTS = {
    "corporate_number": "corporate_number",
    "industry": "industry",
    "employees": "employee_count",
    "postal_code": "postal_code",
    "prefecture": "prefecture",
    "address": "address",
}
"""What a file says of a lead's company: our field in the mapping, and the column."""


@dataclass
class People:
    """The people of some names; ``shared`` are the names that several of them have, ``new`` those of nobody yet."""

    by_name: dict[str, User] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    new: list[str] = field(default_factory=list)


def companies(
    names: Iterable[str], *, now: datetime, facts: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Account]:
    """The companies by the names given; the new ones are made, with what is known of them, in one statement."""
    return _made(names, by_key, now=now, facts=facts or {})


def company_ids(names: Iterable[str], *, now: datetime, facts: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """The same, but only the ids of the companies."""
    return _made(names, ids_by_key, now=now, facts=facts)


def _made(
    names: Iterable[str],
    find: Callable[[Collection[str]], dict[str, Found]],
    *,
    now: datetime,
    facts: Mapping[str, Mapping[str, Any]],
) -> dict[str, Found]:
    keys = {name: normalise.company_key(name) for name in names}
    names_of = {key: name for name, key in reversed(keys.items()) if key}  # the first spelling of the file stays
    found = find(names_of)
    while new := sorted(names_of.keys() - found.keys()):
        rows = [
            Account(name=normalise.text(names_of[key])[:200], name_key=key, created_at=now, **facts.get(key, {}))
            for key in new
        ]
        Account.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        found |= find(new)
    return {name: found[key] for name, key in keys.items() if key}


def campaigns(names: Iterable[str]) -> dict[str, Campaign]:
    """The campaigns of these names, kept as ``campaigns_named`` does; the new ones are made in one statement."""
    wanted = {name for name in names if name}
    found = campaigns_named(wanted)
    while new := sorted(wanted - found.keys()):
        rows = [Campaign(name=name) for name in new]
        Campaign.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        found |= campaigns_named(new)
    return found


def people(names: Iterable[str]) -> People:
    """The sales people of these names, or anybody of these addresses.

    Of several with one name the active ones count before the others, then the oldest. An unknown name becomes an
    inactive person, to be matched later.
    """
    wanted = set(names)
    bearers = _bearers(wanted)
    found = People()
    for name, candidates in bearers.items():
        found.by_name[name] = candidates[0]
        if len([user for user in candidates if user.is_active == candidates[0].is_active]) > 1:
            found.shared.add(name)
    found.new = sorted(wanted - bearers.keys())
    new = [_to_be_matched(name) for name in found.new]
    User.objects.bulk_create(new)
    found.by_name |= {user.full_name: user for user in new}
    return found


def _bearers(names: set[str]) -> dict[str, list[User]]:
    """Who is meant by each name, the likeliest first; an address names one person."""
    at_address = User.objects.annotate(address=Lower("email")).filter(address__in=[name.lower() for name in names])
    addresses = {user.email.lower(): user for user in at_address if user.email}
    bearers: dict[str, list[User]] = defaultdict(list)
    for user in User.objects.filter(full_name__in=names, side=Side.SALES).order_by("-is_active", "pk"):
        bearers[user.full_name].append(user)
    return bearers | {name: [addresses[name.lower()]] for name in names if name.lower() in addresses}


def _to_be_matched(name: str) -> User:
    unusable = "!"
    return User(full_name=name, email=None, role=Role.SALES_REP, side=Side.SALES, is_active=False, password=unusable)
