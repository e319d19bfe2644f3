"""Stores rows as deals.

Locks, in the order that live work takes them: the leads in order of id, then the deals; new companies and people are
made after that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min, Q
from django.utils.translation import gettext as _

from alignment.kernel import formats
from alignment.kernel.locks import locked_all
from leads.models import Deal, DealEvent, Lead, LeadEvent
from leads.rules.stages import LeadEventKind, Stage
from leads.selectors import identity
from leads.services import snapshots
from leads.services.capture import CLOCK_SKEW
from leads.services.importing import currencies, memory, parties, undoing
from leads.services.importing.context import BATCH, Context, Row
from leads.services.importing.memory import Change, Facts, Named

WON_WORDS = frozenset({"won", "closed won", "closedwon", "受注", "成約"})
LOST_WORDS = frozenset({"lost", "closed lost", "closedlost", "失注"})
_LONGEST = {"external_id": 200, "name": 200, "product": 100, "stage": 50, "account": 200, "owner": 150}
_MOMENTS = {"opened_at": DealEvent.Kind.OPENED, "won_at": DealEvent.Kind.WON, "lost_at": DealEvent.Kind.LOST}


@dataclass(frozen=True)
class _Deal:
    """A row with the deal that it means (None: a new one), its lead, and when it ended."""

    row: Row
    deal: Deal | None
    lead: Lead | None
    won_at: datetime | None
    lost_at: datetime | None
    before: Facts


def store(rows: list[Row], context: Context) -> None:
    """Make new deals and update known ones; the leads behind them move to "with sales" or "customer".

    A deal that a person has won or lost stays as it is. One that ended otherwise than the file says is refused, and so
    is one in another currency than ours.
    """
    foreign = currencies.foreign(rows)
    if all(column.field != "lead_external_id" for column in context.mapping.columns):
        context.result.note(_("No column says which lead a deal came of: all of them stand without one."))
    for row in rows:
        if reason := foreign.get(row.number):
            context.refuse(row, "other_currency", reason)
    rows = [row for row in rows if row.number not in foreign]
    leads = _leads(rows, context)
    known = _known(rows, context)
    before = memory.recall(rows, context)
    found = (_understood(row, leads, known, before.get(row.external_id, {}), context) for row in rows)
    taken = [item for item in found if not _is_refused(item, context)]
    changes = [
        memory.compare(item.row, _facts(item), item.deal, item.before, context)
        for item in taken
        if not _is_closed_here(item, context)
    ]
    named = {"lead": leads, **_named(changes, context)}
    to_change = [change for change in changes if change.record and change.write]
    new = _create([change for change in changes if change.record is None], named, context)
    was = {change.record.pk: snapshots.take(change.record) for change in to_change}
    changed = _update(to_change, named, context)
    noted = [(change.row.external_id, change.record.pk, change.before or None) for change in to_change]
    undoing.note(job=context.job, was=was, rows=noted, of="deal")
    memory.remember(changes, context)
    context.result.created += len(new)
    context.result.updated += len(changed)
    context.result.unchanged += len(taken) - len(new) - len(changed)
    moving = {deal.lead_id for deal in [*new, *changed] if deal.lead_id}
    with undoing.effects_noted(job=context.job, lead_ids=moving):
        _move_leads(moving, context)


def _leads(rows: list[Row], context: Context) -> dict[str, Lead]:
    """The leads that the rows name, by external id; locked, also those of the deals that are there already."""
    system = context.mapping.system
    named = {row.fields.get("lead_external_id", "") for row in rows} - {""}
    known = identity.leads_known_as([(system, one) for one in named])
    deals = Deal.objects.filter(source_system=system, external_id__in=[row.external_id for row in rows])
    wanted = Q(pk__in=known.values()) | Q(pk__in=deals.values("lead"))
    leads = {lead.pk: lead for lead in locked_all(Lead.objects.filter(wanted).order_by("pk"))}
    return {one: leads[pk] for (_system, one), pk in known.items() if pk in leads}


def _known(rows: list[Row], context: Context) -> dict[str | None, Deal]:
    ids = [row.external_id for row in rows]
    deals = Deal.objects.filter(source_system=context.mapping.system, external_id__in=ids).order_by("pk")
    return {deal.external_id: deal for deal in locked_all(deals, "lead", "owner", "account")}


def _understood(
    row: Row, leads: dict[str, Lead], known: dict[str | None, Deal], before: Facts, context: Context
) -> _Deal:
    won_at, lost_at = _ends(row, context)
    lead = leads.get(row.fields.get("lead_external_id", ""))
    return _Deal(row, known.get(row.external_id), lead, won_at, lost_at, before)


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


def _is_refused(item: _Deal, context: Context) -> bool:
    reason = _refusal(item, context) or _contradiction(item, context)
    if reason:
        context.refuse(item.row, *reason)
    else:
        _remark(item, context)
    return bool(reason)


def _refusal(item: _Deal, context: Context) -> tuple[str, str] | None:
    fields = item.row.fields
    if not item.row.has_id and not any(fields.values()):
        return "nothing", _("The row says nothing of a deal: the columns that the mapping reads are all blank.")
    wanted_lead = fields.get("lead_external_id")
    if wanted_lead and item.lead is None:
        return "no_such_lead", _("There is no lead “%(id)s” from %(system)s.") % {
            "id": wanted_lead[:100],
            "system": context.mapping.system,
        }
    if item.won_at and item.lost_at:
        return "won_and_lost", _("The deal is both won and lost.")
    if any(at and at > context.now + CLOCK_SKEW for at in (item.won_at, item.lost_at, fields.get("opened_at"))):
        return "in_the_future", _("A date lies in the future.")
    for name, limit in _LONGEST.items():
        value = item.row.external_id if name == "external_id" else fields.get(name, "")
        if len(value) > limit:
            return "too_long", _("“%(field)s” has more than %(max)d characters.") % {"field": name, "max": limit}
    return None


def _contradiction(item: _Deal, context: Context) -> tuple[str, str] | None:
    """A deal ends once, in one way."""
    if item.deal and item.deal.lost_at and item.won_at:
        message = _(
            "This deal was lost on %(day)s; the file says it was won. Correct the file, or bring the new deal under "
            "an id of its own."
        )
        return "lost_already", message % {"day": formats.date(item.deal.lost_at, zone=context.zone)}
    if item.deal and item.deal.won_at and item.lost_at:
        message = _(
            "This deal was won on %(day)s; the file says it was lost. Correct the file, or bring the new deal under "
            "an id of its own."
        )
        return "won_already", message % {"day": formats.date(item.deal.won_at, zone=context.zone)}
    return None


def _remark(item: _Deal, context: Context) -> None:
    """Odd but acceptable: taken, counted, and listed."""
    row, lead, won_at, zone = item.row, item.lead, item.won_at, context.zone
    if lead and won_at and lead.qualified_at and won_at < lead.qualified_at:
        days = (lead.qualified_at.astimezone(zone).date() - won_at.astimezone(zone).date()).days
        message = _("Won %(days)d days before the lead qualified.") % {"days": days}
        context.result.warn(row.number, "won_before_qualified", message)
    opened_at = row.fields.get("opened_at")
    if won_at and opened_at and won_at < opened_at:
        context.result.warn(row.number, "won_before_opened", _("Won before it was opened."))


def _is_closed_here(item: _Deal, context: Context) -> bool:
    """Whether a person has won or lost the deal: what they agreed stays, with a warning."""
    deal, before = item.deal, item.before
    if deal is None or deal.is_open:
        return False
    if all(memory.plain(getattr(deal, name)) == before.get(name) for name in ("won_at", "lost_at")):
        return False
    message = _("This deal was closed here on %(day)s and stays as it is.")
    day = formats.date(deal.won_at or deal.lost_at, zone=context.zone)
    context.result.warn(item.row.number, "closed_here", message % {"day": day})
    return True


def _facts(item: _Deal) -> Facts:
    fields = item.row.fields
    facts: Facts = {name: fields.get(name, "") for name in ("account", "owner", "name", "product", "stage")}
    facts |= {"lead": fields.get("lead_external_id", ""), "amount": fields.get("amount")}
    facts |= {"opened_at": fields.get("opened_at"), "expected_on": fields.get("expected_at")}
    facts |= {"won_at": item.won_at, "lost_at": item.lost_at}
    return facts | memory.custom_facts(item.row.custom)


def _named(changes: list[Change], context: Context) -> Named:
    """The companies and people of the facts that will be written; a name that several people share, or nobody
    has yet, is a warning."""
    people = parties.people({change.write["owner"] for change in changes if "owner" in change.write})
    for change in changes:
        if change.write.get("owner") in people.shared:
            message = _("Several sales people are called “%(name)s”: the one who was here first is taken.")
            words = {"name": change.write["owner"]}
            context.result.warn(change.row.number, "ambiguous_owner", message % words)
    unknown = set(people.new)
    for change in changes:
        if (name := change.write.get("owner")) in unknown:
            unknown.discard(name)
            message = _("Nobody here is called “%(name)s”: kept as an inactive person, to be matched later.")
            context.result.warn(change.row.number, "new_owner", message % {"name": name})
    accounts = [change.write["account"] for change in changes if "account" in change.write]
    return {"owner": people.by_name, "account": parties.companies(accounts, now=context.now)}


def _create(changes: list[Change], named: Named, context: Context) -> list[Deal]:
    new = []
    for change in changes:
        change.record = Deal(
            source_system=context.mapping.system,
            external_id=change.row.external_id,
            created_by=context.actor,
            created_at=context.now,
        )
        _write(change, named)
        new.append(change.record)
    Deal.objects.bulk_create(new, batch_size=BATCH)
    events = [event for deal in new for event in _milestones(deal, _MOMENTS, context)]
    DealEvent.objects.bulk_create(events, batch_size=BATCH)
    return new


def _write(change: Change, named: Named) -> dict[str, list[Any]]:
    """Set the facts; a deal that names no company belongs to the one of its lead."""
    told, deal = memory.apply(change, named), change.record
    if "lead" in told and deal.account_id is None:
        deal.account_id = change.after["account_id"] = deal.lead.account_id
    return told


def _update(changes: list[Change], named: Named, context: Context) -> list[Deal]:
    columns: set[str] = {"account_id"}
    changed, events = [], []
    for change in changes:
        if told := _write(change, named):
            changed.append(change.record)
            columns |= memory.columns_of(change.write)
            events.append(_event(change.record, DealEvent.Kind.CHANGED, context.now, context, changes=told))
            first = [name for name in _MOMENTS if name in told and told[name][0] is None]
            events += _milestones(change.record, first, context)
    if changed:
        Deal.objects.bulk_update(changed, sorted(columns), batch_size=BATCH)
    DealEvent.objects.bulk_create(events, batch_size=BATCH)
    return changed


def _milestones(deal: Deal, names: Iterable[str], context: Context) -> list[DealEvent]:
    """The events of the moments that are known."""
    return [_event(deal, _MOMENTS[name], at, context) for name in names if (at := getattr(deal, name))]


def _event(deal: Deal, kind: DealEvent.Kind, at: datetime, context: Context, **data: Any) -> DealEvent:
    return DealEvent(deal=deal, kind=kind, at=at, actor=context.actor, data={"import": context.result.file_name} | data)


def _move_leads(lead_ids: set[int], context: Context) -> None:
    """A lead with a won deal is a customer since then; one with an open deal is with sales since it was opened."""
    deals = Deal.objects.filter(lead__in=lead_ids)
    won = dict(deals.filter(won_at__isnull=False).values_list("lead").annotate(Min("won_at")))
    working = dict(deals.filter(won_at=None, lost_at=None).values_list("lead").annotate(Min("opened_at")))
    moved, events = [], []
    for lead in Lead.objects.filter(pk__in=won.keys() | working.keys()).order_by("pk"):
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
                at=won.get(lead.pk) or working.get(lead.pk) or context.now,
                data={"import": context.result.file_name, "job": context.job.pk},
            )
        )
        lead.stage = target
        moved.append(lead)
    Lead.objects.bulk_update(moved, ["stage"], batch_size=BATCH)
    LeadEvent.objects.bulk_create(events, batch_size=BATCH)
