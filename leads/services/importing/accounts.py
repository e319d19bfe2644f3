"""Stores rows as companies: found by their id in the file's system, else by their name.

Companies that are here are locked in order of id; then new ones are made, and leads judged whose company changed. A
parent company that is not known yet is made: its own row may come later.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.models import Account, Lead
from leads.rules import normalise
from leads.rules.stages import JUDGED_STAGES
from leads.services import judging, snapshots
from leads.services.facts import LIMITS, stored_of_company
from leads.services.importing import memory, parties, undoing
from leads.services.importing.context import BATCH, Context, Row
from leads.services.importing.memory import Change, Facts, Named
from leads.services.importing.reading import RowFault
from leads.services.importing.result import Remark

_TEXTS = ("corporate_number", "industry", "postal_code", "prefecture", "address")
_LONGEST = {
    "company": LIMITS["company_name"],
    "parent": LIMITS["company_name"],
    **{name: LIMITS[name] for name in ("industry", "prefecture", "address")},
}
ACCOUNT = "account_id"
"""Remembered of a row: the company that it means, whatever it is called later."""


def prepare(row: Row, *, now: datetime, **_circumstances: Any) -> Iterable[Remark]:
    """Bring what the row says of a company into the form in which it is kept; raises ``RowFault``."""
    key = normalise.company_key(row.fields.get("company", ""))
    if not key:
        raise RowFault("nobody", _("The row names no company."))
    for name, limit in _LONGEST.items():
        if len(row.fields.get(name, "")) > limit:
            message = _("“%(field)s” has more than %(max)d characters.") % {"field": name, "max": limit}
            raise RowFault("too_long", message)
    if not row.has_id:
        row.external_id, row.has_id, row.called = f"name:{key}"[: LIMITS["external_id"]], True, row.fields["company"]
    said: Facts = {name: _stored(name, row.fields.get(name, "")) for name in _TEXTS}
    said |= {"employee_count": row.fields.get("employees"), "is_key_account": row.fields.get("key_account")}
    row.said = {column: value for column, value in said.items() if value not in (None, "")}
    row.company = {"key": key, "parent": normalise.company_key(row.fields.get("parent", ""))}
    if row.company["parent"] == key:
        raise RowFault("own_parent", _("A company is not its own parent company."))
    return ()


def _stored(name: str, value: str) -> str:
    try:
        return stored_of_company(name, value)
    except InvalidInput as fault:
        raise RowFault("unreadable_cell", str(fault.message)) from fault


def store(rows: list[Row], context: Context) -> None:
    """Make new companies and write what the file says otherwise than before; what people wrote here stays."""
    before = memory.recall(rows, context)
    known = _locked(rows, before)
    first: dict[str, Row] = {}
    for row in rows:
        if _meant(row, known, before) is None:
            first.setdefault(row.company["key"], row)
    names = {key: row.fields["company"] for key, row in first.items()}
    parents = {row.company["parent"]: row.fields["parent"] for row in rows if row.company["parent"]}
    names = {key: name for key, name in parents.items() if key not in known} | names
    made = parties.companies(names.values(), now=context.now, facts={key: row.said for key, row in first.items()})
    by_key = known | {key: made[name] for key, name in names.items()}
    new = {row.number for row in first.values()}
    changes = [
        _compared(row, by_key, before.get(row.external_id, {}), context, is_new=row.number in new) for row in rows
    ]
    named = _parents_that_fit(changes, by_key, context)
    updates = [change for change in changes if change.write and not change.is_new]
    was = {change.record.pk: snapshots.take(change.record) for change in updates}
    changed = _update([change for change in changes if change.write], named)
    noted = [(change.row.external_id, change.record.pk, change.before or None) for change in updates]
    undoing.note(job=context.job, was=was, rows=noted, of="account")
    memory.remember(changes, context)
    ids = Lead.objects.filter(account__in=changed, stage__in=JUDGED_STAGES).order_by("pk").values_list("pk", flat=True)
    leads = list(ids)
    with undoing.effects_noted(job=context.job, lead_ids=leads):
        judging.judge(lead_ids=leads, now=context.now, actor=context.actor)
    updated = sum(bool(change.write) and not change.is_new for change in changes)
    context.result.created += len(new)
    context.result.updated += updated
    context.result.unchanged += len(rows) - len(new) - updated


def _locked(rows: list[Row], before: dict[str, Facts]) -> dict[object, Account]:
    """The companies that are here, by key and by id, also those of what became part of them.

    No more locked than live work does, as leads go on naming them.
    """
    ids = {facts[ACCOUNT] for facts in before.values() if ACCOUNT in facts}
    keys = {row.company[which] for row in rows for which in ("key", "parent")}
    wanted = Q(name_key__in=keys) | Q(pk__in=ids)
    meant = Account.everything.filter(wanted).values_list("pk", "name_key", Coalesce("merged_into", "pk"))
    standing = {name: pk for own, key, pk in meant for name in (own, key)}
    pks = set(standing.values())
    list(Account.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk").values_list("pk"))
    accounts = Account.objects.select_related("parent").in_bulk(pks)
    return {name: accounts[pk] for name, pk in standing.items() if pk in accounts}


def _meant(row: Row, known: dict[object, Account], before: dict[str, Facts]) -> Account | None:
    remembered = before.get(row.external_id, {}).get(ACCOUNT)
    return known.get(remembered) or known.get(row.company["key"])


def _compared(row: Row, known: dict[object, Account], before: Facts, context: Context, *, is_new: bool) -> Change:
    account = known.get(before.get(ACCOUNT)) or known[row.company["key"]]
    parent = known.get(row.company["parent"])
    said = row.said | ({"parent": parent.name} if parent else {})
    if is_new:
        change = memory.compare(row, said, None, before, context)
        change.write = {name: value for name, value in said.items() if name == "parent"}  # it was made with the rest
    else:
        _warn_of_a_name(row, account, context)
        change = memory.compare(row, said, account, {"is_key_account": False} | before, context)  # what it begins as
        change.before = before
    change.record = account
    change.after[ACCOUNT] = account.pk
    return change


def _warn_of_a_name(row: Row, account: Account, context: Context) -> None:
    if row.company["key"] not in (account.name_key, normalise.company_key(account.name)):
        words = {"here": account.name[:100], "file": row.fields["company"][:100]}
        message = _("This company is called “%(here)s” here and stays so; the file says “%(file)s”.") % words
        context.result.warn(row.number, "called_otherwise", message)


def _parents_that_fit(changes: list[Change], known: dict[object, Account], context: Context) -> Named:
    """The parent companies to be written, by name; one that cannot be is left out with a warning, and said anew by the
    next file.

    The tree has one level, in whatever order the rows are written.
    """
    naming = [change for change in changes if "parent" in change.write]
    concerned = {pk for change in naming for pk in (change.record.pk, known[change.row.company["parent"]].pk)}
    tree = dict(Account.objects.filter(parent__in=concerned).values_list("pk", "parent_id")) if naming else {}
    tree |= {account.pk: account.parent_id for account in known.values() if account.parent_id}
    parents, named = set(tree.values()), {}
    for change in naming:
        account, parent = change.record, known[change.row.company["parent"]]
        if parent.pk in tree or account.pk in parents or parent == account:
            message = _("“%(parent)s” cannot be the parent company of “%(name)s”: a parent company has none itself.")
            words = {"parent": parent.name[:100], "name": account.name[:100]}
            context.result.warn(change.row.number, "no_parent", message % words)
            del change.write["parent"], change.after["parent"]
            change.after |= {name: said for name, said in change.before.items() if name == "parent"}
        else:
            tree[account.pk] = parent.pk
            parents.add(parent.pk)
            named[parent.name] = parent
    return {"parent": named}


def _update(changes: list[Change], named: Named) -> set[int]:
    """Write what changed; the ids of those companies."""
    columns: set[str] = set()
    accounts: dict[int, Account] = {}
    for change in changes:
        memory.apply(change, named)
        columns |= memory.columns_of(change.write)
        accounts[change.record.pk] = change.record
    if accounts:
        Account.objects.bulk_update(accounts.values(), sorted(columns), batch_size=BATCH)
    return set(accounts)
