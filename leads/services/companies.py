"""Companies as leads name them: found by their key, made where they are new, their blanks filled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from leads.models import Account
from leads.rules import normalise

Facts = Mapping[str, Any]
"""What is said of a company, by column."""

BATCH = 1000


def account_named(name: str, *, now: datetime) -> Account | None:
    """The company with this name, made where it is new; None for an empty name."""
    return Companies([(name, {})]).by_name(now=now).get(name)


class Companies:
    """The companies that somebody names, and what is said of them: first those that are here, then those that are new.

    Whoever writes leads too takes the companies that are here, locks the leads, and then asks for all companies: as all
    do so, nobody waits in a circle. None of the companies can be merged until the transaction ends.

    ``fuller``: the ids of those that are known better now than before, as what is said of a company fills its blanks;
    the leads that they have want to be judged again.
    """

    def __init__(self, named: Iterable[tuple[str, Facts]]) -> None:
        self._keys: dict[str, str] = {}
        self._said: dict[str, dict[str, Any]] = {}
        for name, facts in named:
            if key := self._keys.setdefault(name, normalise.company_key(name)):
                given = {column: value for column, value in facts.items() if value}
                self._said[key] = {"name": normalise.text(name)[:200], **given} | self._said.get(key, {})
        self._found = by_key(self._said)
        self.fuller: frozenset[int] = frozenset()
        self._fill(self._found.keys())

    def by_name(self, *, now: datetime) -> dict[str, Account]:
        """All of them by their names (none for an empty one), made where they are new."""
        while new := self._said.keys() - self._found.keys():
            # in the order of their keys, so that two at the same moment wait for each other and never in a circle
            rows = [Account(name_key=key, created_at=now, **self._said[key]) for key in sorted(new)]
            Account.objects.bulk_create(rows, ignore_conflicts=True)
            self._found |= by_key(new)
            self._fill(new & self._found.keys())  # somebody else may have made it a moment ago
        return {name: self._found[key] for name, key in self._keys.items() if key}

    def _fill(self, keys: Collection[str]) -> None:
        blank = {key: self._said[key] for key in keys if _missing(self._found[key], self._said[key])}
        if blank and (filled := fill_blanks(blank)):
            self._found |= by_key(filled)
            self.fuller |= frozenset(filled.values())


_STANDING = """
    SELECT {columns}, named.name_key AS asked FROM leads_account AS named
    JOIN leads_account AS standing ON standing.id = coalesce(named.merged_into_id, named.id)
    WHERE named.name_key = ANY(%s) AND standing.merged_into_id IS NULL
    ORDER BY standing.id FOR KEY SHARE OF standing
"""


def by_key(keys: Collection[str]) -> dict[str, Account]:
    """The company that each of these keys leads to: of one that became part of another, the other.

    None of them can be merged until the transaction ends, so that what is written for them stays theirs. One that was
    merged while this waited for it is left out; it is found when asked again.
    """
    found = Account.everything.raw(_STANDING.format(columns="standing.*"), [list(keys)]) if keys else ()
    return {account.asked: account for account in found}  # type: ignore[attr-defined]


def ids_by_key(keys: Collection[str]) -> dict[str, int]:
    """The same, but only the ids of the companies: of thousands they are all that is wanted."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STANDING.format(columns="standing.id"), [list(keys)])
        return {asked: pk for pk, asked in cursor.fetchall()}


def fill_blanks(facts: Mapping[str, Facts]) -> dict[str, int]:
    """Fill what is not known yet of the companies with these keys; return the ids of those that were filled, by key.

    Locks them in order of id, and no more than live work does: a lead of theirs may be written meanwhile. What is known
    stays, also what became known while it waited.
    """
    found = by_key(facts)
    said: dict[int, dict[str, Any]] = {}
    for key, account in found.items():
        said[account.pk] = {**facts[key], **said.get(account.pk, {})}
    with_blanks = {account.pk for account in found.values() if _missing(account, said[account.pk])}
    filled: list[Account] = []
    columns: set[str] = set()
    for account in Account.objects.select_for_update(no_key=True).filter(pk__in=with_blanks).order_by("pk"):
        missing = _missing(account, said[account.pk])
        for column, value in missing.items():
            setattr(account, column, value)
        if missing:
            filled.append(account)
            columns.update(missing)
    if filled:
        Account.objects.bulk_update(filled, sorted(columns), batch_size=BATCH)
    changed = {account.pk for account in filled}
    return {key: account.pk for key, account in found.items() if account.pk in changed}


def _missing(account: Account, facts: Facts) -> dict[str, Any]:
    return {column: value for column, value in facts.items() if getattr(account, column) in (None, "")}
