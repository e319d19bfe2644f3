"""Companies as leads name them: found by their key, made where they are new, their blanks filled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leads.models import Account
from leads.rules import normalise

Facts = Mapping[str, Any]
"""What is said of a company, by column."""

BATCH = 1000


def account_named(name: str, *, now: datetime, facts: Facts | None = None) -> tuple[Account | None, bool]:
    """The company with this name, made where it is new (None for an empty name), and whether ``facts`` filled blanks.

    Where they did, the leads that it has want to be judged again.
    """
    key = normalise.company_key(name)
    if not key:
        return None, False
    given = {column: value for column, value in (facts or {}).items() if value}
    known = {"name": normalise.text(name)[:200], "created_at": now} | given
    account, is_new = Account.objects.get_or_create(name_key=key, defaults=known)
    return account, bool(given) and not is_new and bool(fill_blanks({key: given}))


def fill_blanks(facts: Mapping[str, Facts]) -> dict[str, int]:
    """Fill what is not known yet of the companies with these keys; return the ids of those that were filled, by key.

    Locks them in order of id, and no more than live work does: a lead of theirs may be written meanwhile. What is known
    stays, also what became known while it waited.
    """
    found = Account.objects.filter(name_key__in=facts)
    with_blanks = [account.pk for account in found if _missing(account, facts[account.name_key])]
    filled: list[Account] = []
    columns: set[str] = set()
    for account in Account.objects.select_for_update(no_key=True).filter(pk__in=with_blanks).order_by("pk"):
        missing = _missing(account, facts[account.name_key])
        for column, value in missing.items():
            setattr(account, column, value)
        if missing:
            filled.append(account)
            columns.update(missing)
    if filled:
        Account.objects.bulk_update(filled, sorted(columns), batch_size=BATCH)
    return {account.name_key: account.pk for account in filled}


def _missing(account: Account, facts: Facts) -> dict[str, Any]:
    return {column: value for column, value in facts.items() if getattr(account, column) in (None, "")}
