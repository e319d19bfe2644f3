"""How what an import changed of records that were here before goes back, relation by relation of ``ImportChange``.

Each takes changes, the last first, and returns those that went back whole; a fact that is no longer as the import left
it stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model

from alignment.kernel.locks import locked_all
from leads.models import Account, Campaign, CampaignCost, Deal, DealEvent, ImportChange, ImportJob, Lead, LeadEvent
from leads.rules.stages import JUDGED_STAGES, LeadEventKind, Stage
from leads.services import judging, snapshots
from leads.services.importing.context import BATCH, Undoing
from leads.services.snapshots import COST

Changes = list[ImportChange]


def _deals(changes: Changes, undoing: Undoing) -> Changes:
    _follow_companies(changes)
    found = Deal.objects.filter(pk__in=[change.deal_id for change in changes if change.deal_id])
    locked_all(Lead.objects.filter(pk__in=found.filter(lead__isnull=False).values("lead")).order_by("pk"))
    deals = {deal.pk: deal for deal in locked_all(found.order_by("pk"))}
    events, gone = [], []
    for change in changes:
        deal = deals[change.deal_id or 0]
        was = snapshots.take(deal)
        if not snapshots.put_back(deal, before=change.before, after=change.after):
            gone.append(change)
        if was != snapshots.take(deal):
            facts = {"kind": DealEvent.Kind.TAKEN_BACK, "actor": undoing.actor, "at": undoing.now}
            events.append(DealEvent(deal=deal, data=undoing.told(change.external_id), **facts))
    _write(Deal, deals, changes)
    DealEvent.objects.bulk_create(events, batch_size=BATCH)
    return gone


def _accounts(changes: Changes, undoing: Undoing) -> Changes:
    """Leads of theirs are judged again, those that the import has moved when they are put back themselves."""
    found = Account.objects.filter(pk__in={change.account_id for change in changes}).order_by("pk")
    accounts = {account.pk: account for account in locked_all(found)}
    gone = [change for change in changes if not _put_back(accounts[change.account_id or 0], change)]
    _write(Account, accounts, changes)
    moved = ImportChange.objects.filter(job=undoing.job, lead__isnull=False).values("lead")
    leads = Lead.objects.filter(account__in=accounts, stage__in=JUDGED_STAGES).exclude(pk__in=moved)
    judging.judge(lead_ids=list(leads.values_list("pk", flat=True)), now=undoing.now, actor=undoing.actor)
    return gone


def _campaigns(changes: Changes, undoing: Undoing) -> Changes:
    found = Campaign.objects.filter(pk__in={change.campaign_id for change in changes}).order_by("pk")
    campaigns = {campaign.pk: campaign for campaign in locked_all(found)}
    gone = []
    for change in changes:
        campaign = campaigns[change.campaign_id or 0]
        period = campaign.starts_on, campaign.ends_on
        left = _put_back(campaign, change)
        if campaign.starts_on and campaign.ends_on and campaign.ends_on < campaign.starts_on:  # one of them is new
            campaign.starts_on, campaign.ends_on = period
            left |= {"starts_on", "ends_on"}
        if not left | _put_costs_back(campaign, change):
            gone.append(change)
    _write(Campaign, campaigns, changes)
    return gone


def _follow_companies(changes: Changes) -> None:
    """What was a company's that became part of another since is the survivor's. Locks the companies, before leads."""
    known = snapshots.with_standing_companies(*(part for change in changes for part in (change.before, change.after)))
    for change, before, after in zip(changes, known[::2], known[1::2], strict=True):
        change.before, change.after = before, after


def _write(model: type[Model], records: Mapping[int, Any], changes: Changes, *besides: str) -> None:
    """Write what ``put_back`` may have set, and no more: columns that nobody changed cost as much as others."""
    if columns := [*snapshots.written(model, (change.before for change in changes)), *besides]:
        model._base_manager.bulk_update(records.values(), columns, batch_size=BATCH)


def _put_back(record: Model, change: ImportChange) -> set[str]:
    return snapshots.put_back(record, before=change.before, after=change.after)


def _put_costs_back(campaign: Campaign, change: ImportChange) -> set[str]:
    """The costs of single months; returns those that somebody has changed since."""
    now_there = snapshots.take(campaign)
    names = {name for name in change.before if name.startswith(COST)}
    left = {name for name in names if now_there.get(name) != change.after[name]}
    for name in names - left:
        month = name.removeprefix(COST)
        cost = {"campaign": campaign, "month": date.fromisoformat(month) if month else None}
        CampaignCost.objects.filter(**cost).delete()
        if change.before[name] is not None:
            CampaignCost.objects.create(amount=Decimal(change.before[name]), **cost)
    return left


def _leads(changes: Changes, undoing: Undoing) -> Changes:
    """Those in marketing's hands are judged again. A lead stays where a deal that stands has brought it."""
    _follow_companies(changes)
    found = Lead.objects.filter(pk__in={change.lead_id for change in changes}).order_by("pk")
    leads = {lead.pk: lead for lead in locked_all(found, "campaign")}
    held = _held_by_deals(leads) if undoing.job.kind == ImportJob.Kind.DEALS else set()
    events, gone = [], []
    for change in changes:
        lead = leads.get(change.lead_id or 0)
        if lead is None or lead.pk in held:
            continue
        was, old_stage = snapshots.take(lead), lead.stage
        if not snapshots.put_back(lead, before=change.before, after=change.after):
            gone.append(change)
        told = snapshots.told(was, snapshots.take(lead))
        if told or lead.stage != old_stage:
            lead.updated_at = undoing.now
            stages = {"old_stage": old_stage, "new_stage": lead.stage} if lead.stage != old_stage else {}
            data = undoing.told(change.external_id, **({"changes": told} if told else {}))
            kind = LeadEventKind.TAKEN_BACK
            events.append(LeadEvent(lead=lead, kind=kind, actor=undoing.actor, at=undoing.now, data=data, **stages))
    _write(Lead, leads, changes, "updated_at")
    LeadEvent.objects.bulk_create(events, batch_size=BATCH)
    judged = [pk for pk, lead in leads.items() if lead.stage in JUDGED_STAGES]
    judging.judge(lead_ids=judged, now=undoing.now, actor=undoing.actor)
    return gone


def _held_by_deals(leads: dict[int, Lead]) -> set[int]:
    """The leads that stand where a deal of theirs says."""
    deals = list(Deal.objects.filter(lead__in=leads).values_list("lead", "won_at", "lost_at"))
    won = {lead for lead, won_at, _lost_at in deals if won_at}
    is_open = {lead for lead, won_at, lost_at in deals if not won_at and not lost_at}
    where = {Stage.CUSTOMER: won, Stage.WITH_SALES: is_open}
    return {pk for pk, lead in leads.items() if pk in where.get(Stage(lead.stage), ())}


MODELS: dict[str, type[Model]] = {"deal": Deal, "account": Account, "campaign": Campaign, "lead": Lead}
"""In this order: where a lead stands follows from the others."""
RELATIONS: dict[str, Callable[[Changes, Undoing], Changes]] = {
    "deal": _deals,
    "account": _accounts,
    "campaign": _campaigns,
    "lead": _leads,
}
