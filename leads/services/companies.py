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
    return accounts_named([(name, {})], now=now)[0].get(name)


def accounts_named(named: Iterable[tuple[str, Facts]], *, now: datetime) -> tuple[dict[str, Account], frozenset[int]]:
    """The companies with these names, by name (none for an empty one), made where they are new.

    What is said of them fills blanks. The second value are the ids of companies that are known better now than before:
    the leads that they have want to be judged again.
    """
    keys: dict[str, str] = {}
    known: dict[str, dict[str, Any]] = {}
    for name, facts in named:
        if key := keys.setdefault(name, normalise.company_key(name)):
            given = {column: value for column, value in facts.items() if value}
            known[key] = {"name": normalise.text(name)[:200], **given} | known.get(key, {})
    found = by_key(known)
    while new := known.keys() - found.keys():
        # in the order of their keys, so that two at the same moment wait for each other and never in a circle
        rows = [Account(name_key=key, created_at=now, **known[key]) for key in sorted(new)]
        Account.objects.bulk_create(rows, ignore_conflicts=True)
        found |= by_key(new)
    blank = {key: facts for key, facts in known.items() if _missing(found[key], facts)}
    filled = fill_blanks(blank) if blank else {}
    found |= by_key(filled) if filled else {}
    return {name: found[key] for name, key in keys.items() if key}, frozenset(filled.values())


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
