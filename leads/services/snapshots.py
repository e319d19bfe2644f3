"""What a merge or an import may change of a record, kept so that it can go back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model

from leads.models import Account, Campaign, Deal, Lead
from leads.rules.custom import PREFIX
from leads.rules.merging import COMPANY_FACTS
from leads.services.companies import standing_for
from leads.services.facts import TEXT_FACTS

Snapshot = dict[str, Any]
"""Values by column, of ``custom`` by its keys and of a campaign by month, in a form that JSON holds."""

COST = "cost."
"""Before the month of a cost of a campaign in a snapshot of it."""
COLUMNS: dict[type[Model], tuple[str, ...]] = {
    Lead: (
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
    ),
    Deal: (
        "lead_id",
        "account_id",
        "owner_id",
        "name",
        "amount",
        "product",
        "stage",
        "opened_at",
        "expected_on",
        "won_at",
        "lost_at",
    ),
    Account: (*COMPANY_FACTS, "is_key_account", "parent_id"),
    Campaign: ("channel", "promise", "starts_on", "ends_on"),
}
_PLACE = frozenset({"stage", "qualified_at"})
_TOGETHER = _PLACE | {"verdict_id"}
"""Where a lead stands: put back as one, and not at all once it has moved on. A verdict alone only follows: whoever puts
a lead back has it judged again."""


def written(model: type[Model], snapshots: Iterable[Snapshot]) -> list[str]:
    """The fields of a model that ``put_back`` of these may set."""
    names = {"custom" if name.startswith(PREFIX) else name for snapshot in snapshots for name in snapshot}
    return [field.name for field in model._meta.concrete_fields if field.attname in names]


def take(record: Model, columns: Collection[str] = ()) -> Snapshot:
    """How a record stands now: in these columns, or in all that count."""
    return {column: _plain(getattr(record, column)) for column in columns or COLUMNS.get(type(record), ())} | _beside(
        record
    )


def of_leads(lead_ids: Collection[int]) -> dict[int, Snapshot]:
    """How these leads stand now, by id (one query)."""
    return {lead.pk: take(lead) for lead in Lead.objects.filter(pk__in=lead_ids)}


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
    stays = set(changed_since)
    if isinstance(record, Lead) and changed_since & _PLACE:
        changed_since = stays = changed_since | set(_TOGETHER & before.keys())
    elif isinstance(record, Lead):
        stays = changed_since - _TOGETHER
    custom = {name.removeprefix(PREFIX): value for name, value in _beside(record).items()}
    for name in before.keys() - changed_since:
        if name in fields:
            setattr(record, name, fields[name].to_python(before[name]))
        elif before[name] is None:
            custom.pop(name.removeprefix(PREFIX), None)
        else:
            custom[name.removeprefix(PREFIX)] = before[name]
    if isinstance(record, Lead | Deal):
        record.custom = custom
    return {name for name in stays if before[name] != after[name]}


def _beside(record: Model) -> Snapshot:
    """What leads, deals and campaigns hold beside their columns."""
    if isinstance(record, Lead | Deal):
        return {f"{PREFIX}{key}": value for key, value in record.custom.items()}
    if isinstance(record, Campaign):
        return {f"{COST}{cost.month or ''}": str(cost.amount) for cost in record.costs.all()}
    return {}


def told(before: Snapshot, after: Snapshot) -> dict[str, list[Any]]:
    """The facts that changed, as the story of a lead tells them."""
    names = [*TEXT_FACTS, *(name for name in {**before, **after} if name.startswith(PREFIX))]
    pairs = {name: [before.get(name), after.get(name)] for name in names}
    return {name: [old, new] for name, (old, new) in pairs.items() if (old or "") != (new or "")}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
