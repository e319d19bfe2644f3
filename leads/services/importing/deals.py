"""Stores rows as deals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from alignment.accounts.models import User
from leads.models import Account, Deal, DealEvent, Lead, LeadEvent
from leads.rules import normalise
from leads.rules.stages import LeadEventKind, Stage
from leads.services.capture import CLOCK_SKEW
from leads.services.importing.context import (
    BATCH,
    Context,
    Row,
    accounts_by_key,
    as_event_data,
    changes,
    people_by_name,
)

WON_WORDS = frozenset({"won", "closed won", "closedwon", "受注", "成約"})
_LONGEST = {"external_id": 200, "name": 200, "product": 100, "stage": 50, "account": 200, "owner": 150}
LOST_WORDS = frozenset({"lost", "closed lost", "closedlost", "失注"})


def store(rows: list[Row], context: Context) -> None:
    """Make new deals and update known ones; the leads behind them move to "with sales" or "customer"."""
    leads = _leads(rows, context)
    accounts = accounts_by_key((row.fields.get("account", "") for row in rows), now=context.now)
    owners = people_by_name(name for row in rows if len(name := row.fields.get("owner", "")) <= _LONGEST["owner"])
    known = _known(rows, context)
    new: list[Deal] = []
    changed: list[tuple[Deal, dict[str, tuple[Any, Any]]]] = []
    for row in rows:
        wanted = _columns(row, leads, accounts, owners, context)
        if wanted is None:
            continue
        deal = known.get(row.external_id)
        if deal is None:
            new.append(_deal(row, wanted, context))
        elif difference := changes(deal, wanted):
            changed.append((deal, difference))
        else:
            context.result.unchanged += 1
    context.result.created, context.result.updated = len(new), len(changed)
    Deal.objects.bulk_create(new, batch_size=BATCH)
    _update(changed, context)
    DealEvent.objects.bulk_create([event for deal in new for event in _history(deal, context)], batch_size=BATCH)
    _move_leads({deal.lead_id for deal in [*new, *(deal for deal, _d in changed)] if deal.lead_id}, context)


def _leads(rows: list[Row], context: Context) -> dict[str | None, Lead]:
    ids = {row.fields.get("lead_external_id", "") for row in rows} - {""}
    found = Lead.objects.filter(source_system=context.mapping.system, external_id__in=ids)
    return {lead.external_id: lead for lead in found}


def _known(rows: list[Row], context: Context) -> dict[str | None, Deal]:
    ids = [row.external_id for row in rows]
    deals = Deal.objects.select_for_update(of=("self",)).filter(
        source_system=context.mapping.system, external_id__in=ids
    )
    return {deal.external_id: deal for deal in deals.order_by("pk")}


def _columns(
    row: Row,
    leads: dict[str | None, Lead],
    accounts: dict[str, Account],
    owners: dict[str, User],
    context: Context,
) -> dict[str, Any] | None:
    fields = row.fields
    lead = leads.get(fields.get("lead_external_id"))
    won_at, lost_at = _ends(row, context)
    if reason := _refusal(row, lead, won_at, lost_at, context):
        context.result.refuse(row.number, *reason, row.cells)
        return None
    _remark(row, lead, won_at, context)
    account = accounts.get(normalise.company_key(fields.get("account", ""))[:200])
    return {
        "lead_id": lead and lead.pk,
        "account_id": account.pk if account else lead and lead.account_id,
        "owner_id": getattr(owners.get(fields.get("owner", "")), "pk", None),
        "name": fields.get("name", ""),
        "amount": fields.get("amount"),
        "product": fields.get("product", ""),
        "stage": fields.get("stage", ""),
        "opened_at": fields.get("opened_at"),
        "expected_on": fields.get("expected_at"),
        "won_at": won_at,
        "lost_at": lost_at,
        "custom": row.custom,
    }


def _ends(row: Row, context: Context) -> tuple[datetime | None, datetime | None]:
    """When the deal was won or lost; a single closing date is read by the word in ``stage``."""
    fields = row.fields
    won_at, lost_at, closed_at = fields.get("won_at"), fields.get("lost_at"), fields.get("closed_at")
    word = fields.get("stage", "").casefold()
    if closed_at and word in WON_WORDS:
        won_at = won_at or closed_at
    elif closed_at and word in LOST_WORDS:
        lost_at = lost_at or closed_at
    elif closed_at:
        context.result.warn(row.number, "closed_how", _("A closing date, but the stage says neither won nor lost."))
    return won_at, lost_at


def _refusal(
    row: Row, lead: Lead | None, won_at: datetime | None, lost_at: datetime | None, context: Context
) -> tuple[str, str] | None:
    wanted_lead = row.fields.get("lead_external_id")
    if wanted_lead and lead is None:
        return "no_such_lead", _("There is no lead “%(id)s” from %(system)s.") % {
            "id": wanted_lead[:100],
            "system": context.mapping.system,
        }
    if won_at and lost_at:
        return "won_and_lost", _("The deal is both won and lost.")
    if any(at and at > context.now + CLOCK_SKEW for at in (won_at, lost_at, row.fields.get("opened_at"))):
        return "in_the_future", _("A date lies in the future.")
    if len(row.external_id) > _LONGEST["external_id"]:
        return "too_long", _("The external id has more than %(max)d characters.") % {"max": _LONGEST["external_id"]}
    for name, limit in _LONGEST.items():
        if len(row.fields.get(name, "")) > limit:
            return "too_long", _("“%(field)s” has more than %(max)d characters.") % {"field": name, "max": limit}
    return None


def _remark(row: Row, lead: Lead | None, won_at: datetime | None, context: Context) -> None:
    """Odd but acceptable: taken, counted, and listed."""
    if lead and won_at and lead.qualified_at and won_at < lead.qualified_at:
        days = (lead.qualified_at.astimezone(context.zone).date() - won_at.astimezone(context.zone).date()).days
        message = _("Won %(days)d days before the lead qualified.") % {"days": days}
        context.result.warn(row.number, "won_before_qualified", message)
    opened_at = row.fields.get("opened_at")
    if won_at and opened_at and won_at < opened_at:
        context.result.warn(row.number, "won_before_opened", _("Won before it was opened."))


def _deal(row: Row, columns: dict[str, Any], context: Context) -> Deal:
    return Deal(
        **columns,
        source_system=context.mapping.system,
        external_id=row.external_id,
        created_by=context.actor,
        created_at=context.now,
    )


def _history(deal: Deal, context: Context) -> list[DealEvent]:
    moments = (
        (DealEvent.Kind.OPENED, deal.opened_at),
        (DealEvent.Kind.WON, deal.won_at),
        (DealEvent.Kind.LOST, deal.lost_at),
    )
    return [_event(deal, kind, at, context) for kind, at in moments if at]


def _update(changed: list[tuple[Deal, dict[str, tuple[Any, Any]]]], context: Context) -> None:
    columns: set[str] = set()
    events = []
    for deal, difference in changed:
        for column, (_old, value) in difference.items():
            setattr(deal, column, value)
        columns |= difference.keys()
        events.append(_event(deal, DealEvent.Kind.CHANGED, context.now, context, as_event_data(difference)))
        for column, kind in (("won_at", DealEvent.Kind.WON), ("lost_at", DealEvent.Kind.LOST)):
            if column in difference and difference[column][0] is None:
                events.append(_event(deal, kind, difference[column][1], context))
    if changed:
        Deal.objects.bulk_update([deal for deal, _d in changed], sorted(columns), batch_size=BATCH)
    DealEvent.objects.bulk_create(events, batch_size=BATCH)


def _event(
    deal: Deal, kind: DealEvent.Kind, at: datetime, context: Context, data: dict[str, Any] | None = None
) -> DealEvent:
    return DealEvent(
        deal=deal, kind=kind, at=at, actor=context.actor, data={"import": context.result.file_name} | (data or {})
    )


def _move_leads(lead_ids: set[int], context: Context) -> None:
    """A lead with a won deal is a customer; one with an open deal is with sales."""
    won = set(Deal.objects.filter(lead__in=lead_ids, won_at__isnull=False).values_list("lead", flat=True))
    working = set(Deal.objects.filter(lead__in=lead_ids, won_at=None, lost_at=None).values_list("lead", flat=True))
    moved, events = [], []
    for lead in Lead.objects.select_for_update(of=("self",)).filter(pk__in=won | working).order_by("pk"):
        target = Stage.CUSTOMER if lead.pk in won else Stage.WITH_SALES
        if lead.stage in (target, Stage.CUSTOMER, Stage.OFFERED):  # an open offer is decided by a person
            continue
        events.append(
            LeadEvent(
                lead=lead,
                kind=LeadEventKind.STAGE,
                old_stage=lead.stage,
                new_stage=target,
                actor=context.actor,
                at=context.now,
                data={"import": context.result.file_name},
            )
        )
        lead.stage = target
        moved.append(lead)
    Lead.objects.bulk_update(moved, ["stage"], batch_size=BATCH)
    LeadEvent.objects.bulk_create(events, batch_size=BATCH)
