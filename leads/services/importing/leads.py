"""Stores rows as leads."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.models import Account, Campaign, Lead, LeadEvent
from leads.rules import normalise
from leads.rules.stages import LeadEventKind, Stage
from leads.services import judging
from leads.services.capture import CLOCK_SKEW, LIMITS, LONG_TEXT, email_facts
from leads.services.importing.context import BATCH, Context, Row, accounts_by_key, as_event_data, changes

_TEXTS = ("full_name", "full_name_kana", "job_title", "department", "source", "landing_page", "note")


def store(rows: list[Row], context: Context) -> None:
    """Make new leads and update known ones.

    A lead that the file calls qualified is history: it stands in stage "from before" and is nobody's turn. Any other
    is judged like a lead of today.
    """
    accounts = accounts_by_key((row.fields.get("company", "") for row in rows), now=context.now)
    campaigns = _campaigns({row.fields.get("campaign", "") for row in rows})
    known = _known(rows, context)
    new, changed = [], []
    for row in rows:
        wanted = _columns(row, accounts, campaigns, context)
        if wanted is None:
            continue
        lead = known.get(row.external_id)
        if lead is None:
            new.append(_lead(row, wanted, context))
        elif difference := changes(lead, wanted):
            changed.append((lead, difference))
    context.result.created, context.result.updated = len(new), len(changed)
    context.result.unchanged = len(rows) - len(new) - len(changed) - _refused_here(rows, context)
    _create(new, context)
    _update(changed, context)


def _known(rows: list[Row], context: Context) -> dict[str | None, Lead]:
    ids = [row.external_id for row in rows]
    leads = Lead.objects.select_for_update().filter(source_system=context.mapping.system, external_id__in=ids)
    return {lead.external_id: lead for lead in leads.order_by("pk")}


def _campaigns(names: set[str]) -> dict[str, Campaign]:
    names.discard("")
    Campaign.objects.bulk_create([Campaign(name=name[:200]) for name in sorted(names)], ignore_conflicts=True)
    return {campaign.name: campaign for campaign in Campaign.objects.filter(name__in=[name[:200] for name in names])}


def _columns(
    row: Row, accounts: dict[str, Account], campaigns: dict[str, Campaign], context: Context
) -> dict[str, Any] | None:
    fields, custom = row.fields, dict(row.custom)
    if fault := _too_long(row):
        context.result.refuse(row.number, "too_long", fault, row.cells)
        return None
    columns: dict[str, Any] = {name: fields[name] for name in _TEXTS if name in fields}
    if "company" in fields:
        columns["company_name"] = fields["company"]
        columns["account_id"] = getattr(accounts.get(normalise.company_key(fields["company"])[:200]), "pk", None)
    if fields.get("campaign"):
        columns["campaign_id"] = campaigns[fields["campaign"][:200]].pk
    if "email" in fields:
        columns |= email_facts(_or_custom(row, "email", custom, context))
    if "phone" in fields:
        columns["phone"] = _or_custom(row, "phone", custom, context)
    qualified_at = fields.get("qualified_at")
    captured_at = fields.get("captured_at") or qualified_at
    for moment in (qualified_at, captured_at):
        if moment and moment > context.now + CLOCK_SKEW:
            context.result.refuse(row.number, "in_the_future", _("A date lies in the future."), row.cells)
            return None
    return columns | {"captured_at": captured_at, "qualified_at": qualified_at, "custom": custom}


def _or_custom(row: Row, name: str, custom: dict[str, str], context: Context) -> str:
    """The cleaned value; one that cannot be read is kept among the custom fields and the row taken with a warning."""
    given = row.fields[name]
    try:
        return normalise.email(given) if name == "email" else normalise.phone(given)
    except InvalidInput as fault:
        custom[name] = given
        context.result.warn(row.number, f"unreadable_{name}", str(fault.message))
        return ""


def _too_long(row: Row) -> str:
    limits = {name: LIMITS.get(name, LONG_TEXT) for name in (*_TEXTS, "external_id")}
    for name, limit in (limits | {"company": LIMITS["company_name"]}).items():
        value = row.external_id if name == "external_id" else row.fields.get(name, "")
        if len(value) > limit:
            return _("“%(field)s” has more than %(max)d characters.") % {"field": name, "max": limit}
    return ""


def _lead(row: Row, columns: dict[str, Any], context: Context) -> Lead:
    if columns["captured_at"] is None:
        context.result.warn(row.number, "no_date", _("No date of capture: today is taken."))
    return Lead(
        **columns | {"captured_at": columns["captured_at"] or context.now},
        source_system=context.mapping.system,
        external_id=row.external_id,
        stage=Stage.PAST if columns["qualified_at"] else Stage.CAPTURED,
        created_by=context.actor,
        created_at=context.now,
        updated_at=context.now,
    )


def _create(new: list[Lead], context: Context) -> None:
    Lead.objects.bulk_create(new, batch_size=BATCH)
    events = []
    for lead in new:
        events.append(_event(lead, LeadEventKind.CAPTURED, lead.captured_at, context, new_stage=Stage.CAPTURED))
        if lead.qualified_at:
            events.append(
                _event(
                    lead,
                    LeadEventKind.QUALIFIED,
                    lead.qualified_at,
                    context,
                    old_stage=Stage.CAPTURED,
                    new_stage=lead.stage,
                )
            )
    LeadEvent.objects.bulk_create(events, batch_size=BATCH)
    judging.judge(lead_ids=[lead.pk for lead in new if lead.qualified_at is None], now=context.now, actor=context.actor)


def _update(changed: list[tuple[Lead, dict[str, tuple[Any, Any]]]], context: Context) -> None:
    columns: set[str] = {"updated_at", "stage"}
    events = []
    for lead, difference in changed:
        lead.updated_at = context.now
        for column, (_old, value) in difference.items():
            setattr(lead, column, value)
        if lead.qualified_at and lead.stage == Stage.CAPTURED:
            lead.stage = Stage.PAST
        columns |= difference.keys()
        events.append(_event(lead, LeadEventKind.UPDATED, context.now, context, data=as_event_data(difference)))
    if changed:
        Lead.objects.bulk_update([lead for lead, _d in changed], sorted(columns), batch_size=BATCH)
    LeadEvent.objects.bulk_create(events, batch_size=BATCH)
    judging.judge(lead_ids=[lead.pk for lead, _d in changed], now=context.now, actor=context.actor)


def _event(lead: Lead, kind: LeadEventKind, at: Any, context: Context, **fields: Any) -> LeadEvent:
    data = {"import": context.result.file_name} | fields.pop("data", {})
    return LeadEvent(lead=lead, kind=kind, at=at, actor=context.actor, data=data, **fields)


def _refused_here(rows: list[Row], context: Context) -> int:
    numbers = {row.number for row in rows}
    return sum(remark.row in numbers for remark, _cells in context.result.refused)
