"""Stores rows as campaigns, known by their name; several rows of one bring its costs by month.

Campaigns that are here are locked in order of id; new ones are made after that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from alignment.kernel import formats
from alignment.kernel.errors import InvalidInput
from alignment.kernel.locks import locked_all
from leads.models import Campaign, CampaignCost
from leads.rules.costs import outside
from leads.services import snapshots
from leads.services.campaigns import check_costs
from leads.services.importing import currencies, memory, parties, undoing
from leads.services.importing.context import BATCH, Context, Row
from leads.services.importing.memory import COSTS, Change, Facts
from leads.services.importing.reading import RowFault
from leads.services.importing.result import Remark

_FACTS = ("channel", "promise", "starts_on", "ends_on")
_LONGEST = {"campaign": 200, "channel": 50, "promise": 300}
Costs = dict[tuple[int, date | None], CampaignCost]
"""By campaign and month."""


def prepare(row: Row, *, now: datetime, **_circumstances: Any) -> Iterable[Remark]:
    """Check what the row alone tells; raises ``RowFault``. A row is one month of one campaign."""
    fields = row.fields
    name, month = fields.get("campaign", ""), fields.get("month")
    if not name:
        raise RowFault("nobody", _("The row names no campaign."))
    for field, limit in _LONGEST.items():
        if len(fields.get(field, "")) > limit:
            message = _("“%(field)s” has more than %(max)d characters.") % {"field": field, "max": limit}
            raise RowFault("too_long", message)
    try:
        check_costs({month: fields.get("cost") or Decimal(0)})
    except InvalidInput as fault:
        raise RowFault("too_much", str(fault.message)) from fault
    row.said = {name: fields[name] for name in _FACTS if fields.get(name) not in (None, "")}
    row.called = f"{name}, {month:%Y-%m}" if month else name
    row.external_id, row.has_id = f"{name}\n{month or ''}", True
    return ()


def store(rows: list[Row], context: Context) -> None:
    """Make new campaigns, and write of known ones what the file says otherwise than before."""
    of_campaign = _by_campaign(rows, context)
    known = {one.name: one for one in locked_all(Campaign.objects.filter(name__in=of_campaign).order_by("pk"))}
    prefetch_related_objects(list(known.values()), "costs")
    was = {campaign.pk: snapshots.take(campaign) for campaign in known.values()}
    heads = [replace(same[0], external_id=name, said=_together(same)) for name, same in of_campaign.items()]
    before = memory.recall(heads, context)
    changes = []
    for head in heads:
        name = head.external_id
        change = memory.compare(head, head.said, known.get(name) or Campaign(name=name), before.get(name, {}), context)
        if _ends_before_it_starts(change):
            for row in of_campaign[name]:
                context.refuse(row, "period", _("The last day must not be before the first."))
        else:
            change.is_new = name not in known
            changes.append(change)
    made = parties.campaigns([change.row.external_id for change in changes if change.is_new])
    for change in changes:
        change.record = made.get(change.row.external_id, change.record)
    _write(changes)
    stored = _costs(changes)
    spent = [
        cost for change in changes for cost in _spent(of_campaign[change.row.external_id], change, stored, context)
    ]
    gone = [stored[key].pk for cost in spent if (key := (cost.campaign_id, cost.month)) in stored]
    CampaignCost.objects.filter(pk__in=gone).delete()
    CampaignCost.objects.bulk_create([cost for cost in spent if cost.amount], batch_size=BATCH)
    of_spent = {cost.campaign_id for cost in spent}
    noted = [
        (change.row.external_id, change.record.pk, change.before or None)
        for change in changes
        if not change.is_new and (change.write or change.record.pk in of_spent)
    ]
    undoing.note(job=context.job, was={pk: was[pk] for _name, pk, _before in noted}, rows=noted, of="campaign")
    memory.remember(changes, context)


def _by_campaign(rows: list[Row], context: Context) -> dict[str, list[Row]]:
    """The rows by the name of their campaign; those in another currency than ours are refused."""
    foreign = currencies.foreign(rows)
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if reason := foreign.get(row.number):
            context.refuse(row, "other_currency", reason)
        else:
            found[row.fields["campaign"]].append(row)
    return found


def _together(rows: list[Row]) -> Facts:
    """What the rows of a campaign say of it; the first row that says something counts."""
    said: Facts = {}
    for row in rows:
        said = row.said | said
    return said


def _ends_before_it_starts(change: Change) -> bool:
    starts_on, ends_on = (change.write.get(name, getattr(change.record, name)) for name in ("starts_on", "ends_on"))
    return bool(starts_on and ends_on and ends_on < starts_on)


def _write(changes: list[Change]) -> None:
    columns: set[str] = set()
    for change in changes:
        memory.apply(change, {})
        columns |= memory.columns_of(change.write)
    if columns:
        Campaign.objects.bulk_update([change.record for change in changes if change.write], sorted(columns), BATCH)


def _costs(changes: list[Change]) -> Costs:
    """What stands here of the costs of these campaigns."""
    found = CampaignCost.objects.filter(campaign__in=[change.record.pk for change in changes])
    return {(cost.campaign_id, cost.month): cost for cost in found}


def _spent(rows: list[Row], change: Change, stored: Costs, context: Context) -> list[CampaignCost]:
    """The costs of one campaign that are to be written (none: removed); counts what becomes of its rows."""
    spent = []
    campaign = change.record
    for place, row in enumerate(rows):
        month = row.fields.get("month")
        is_written = _is_to_be_written(row, change, stored.get((campaign.pk, month)), context)
        if is_written:
            spent.append(CampaignCost(campaign=campaign, month=month, amount=row.fields["cost"]))
            if outside({month: row.fields["cost"]}, starts_on=campaign.starts_on, ends_on=campaign.ends_on):
                message = _("The month lies outside the period of the campaign.")
                context.result.warn(row.number, "outside_period", message)
        is_first = place == 0
        if (is_first and change.is_new) or (is_written and (campaign.pk, month) not in stored):
            context.result.created += 1
        elif (is_first and change.write) or is_written:
            context.result.updated += 1
        else:
            context.result.unchanged += 1
    return spent


def _is_to_be_written(row: Row, change: Change, stands_here: CampaignCost | None, context: Context) -> bool:
    """Whether the file says another cost than before; one that somebody changed here stays, with a warning."""
    amount, month = row.fields.get("cost"), row.fields.get("month")
    if amount is None:
        return False
    key = month.isoformat() if month else ""
    stands = stands_here.amount if stands_here else Decimal(0)
    before = Decimal(change.before.get(COSTS, {}).get(key, 0))
    change.after[COSTS] = {**change.after.get(COSTS, {}), key: str(amount)}
    if amount == stands:
        return False
    if stands != before:
        words = {"here": formats.number(stands), "file": formats.number(amount)}
        message = _("The cost was changed here and stays %(here)s; the file says %(file)s.")
        context.result.warn(row.number, "changed_here", message % words)
        return False
    return True
