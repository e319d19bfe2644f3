"""Stores rows as leads.

Locks, in the order that live work takes them: companies whose blanks are filled, then the leads in order of id; new
companies and campaigns are made after that.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from alignment.kernel.locks import locked_all
from leads.models import Lead, LeadEvent
from leads.rules.stages import JUDGED_STAGES, LeadEventKind, Stage
from leads.services import judging
from leads.services.companies import fill_blanks
from leads.services.facts import email_facts
from leads.services.importing import memory, newcomers, parties
from leads.services.importing.context import BATCH, Context, Row
from leads.services.importing.lead_rows import CAPTURE_IS_GIVEN, OF_COMPANY, beside, company_key
from leads.services.importing.memory import Change, Facts, Named


def store(rows: list[Row], context: Context) -> None:
    """Make new leads and update known ones.

    A lead that the file calls qualified is history: it stands in stage "from before" and is nobody's turn. Any other
    is judged like a lead of today. Of its company only blanks are filled.
    """
    before = memory.recall(rows, context)
    about = {row.external_id: _news_of_company(row, before.get(row.external_id, {})) for row in rows}
    of_companies = _by_company(rows, about)
    filled = fill_blanks(of_companies)
    known, of_filled = _locked(rows, filled, context)
    new = [row for row in rows if row.external_id not in known]
    changes = [
        _compared(row, known[row.external_id], before.get(row.external_id, {}), context)
        for row in rows
        if row.external_id in known
    ]
    named = _named([*(row.said for row in new), *(change.write for change in changes)], of_companies, context)
    _note_missing_dates(new, context)
    newcomers.store(new, named, context)
    changed = _update([change for change in changes if change.write], named, context)
    refilled = {
        known[row.external_id].pk
        for row in rows
        if row.external_id in known and about[row.external_id] and company_key(row) in filled
    }
    judging.judge(lead_ids=sorted(changed | of_filled), now=context.now, actor=context.actor)
    memory.remember(changes, context)
    context.result.created += len(new)
    context.result.updated += len(changed | refilled)
    context.result.unchanged += len(rows) - len(new) - len(changed | refilled)


def _note_missing_dates(new: list[Row], context: Context) -> None:
    dates = {"captured_at", "qualified_at"}
    if not dates & {column.field for column in context.mapping.columns}:
        context.result.note(_("No column says when the leads were captured: today is taken."))
        return
    for row in new:
        if not row.said.keys() & dates:
            context.result.warn(row.number, "no_date", _("No date of capture: today is taken."))


def _named(written: list[Facts], of_companies: dict[str, Facts], context: Context) -> Named:
    """The campaigns and companies of the facts that will be written."""
    companies = [facts["company_name"] for facts in written if "company_name" in facts]
    return {
        "campaign": parties.campaigns(facts["campaign"] for facts in written if "campaign" in facts),
        "company": parties.companies(companies, now=context.now, facts=of_companies),
    }


def _news_of_company(row: Row, before: Facts) -> Facts:
    """What the row says of its company that the files before it did not say of the same company."""
    is_same = before.get("company_name") == row.fields.get("company")
    return {
        column: value
        for column, value in row.company.items()
        if not (is_same and before.get(OF_COMPANY + column) == value)
    }


def _by_company(rows: list[Row], about: dict[str, Facts]) -> dict[str, Facts]:
    """The same by company; the first row of the file that says something counts."""
    found: dict[str, Facts] = {}
    for row in rows:
        if news := about[row.external_id]:
            found[company_key(row)] = news | found.get(company_key(row), {})
    return found


def _locked(rows: list[Row], filled: dict[str, int], context: Context) -> tuple[dict[str, Lead], set[int]]:
    """The known leads of the rows by external id, and the ids of all that a filled company may qualify.

    Locked together in order of id, so that two imports wait for each other and never in a circle.
    """
    system, ids = context.mapping.system, {row.external_id for row in rows}
    of_rows = Q(source_system=system, external_id__in=ids)
    companies = set(filled.values())
    of_filled = Q(account__in=companies, stage__in=JUDGED_STAGES)
    leads = locked_all(Lead.objects.filter(of_rows | of_filled if filled else of_rows).order_by("pk"), "campaign")
    known = {lead.external_id: lead for lead in leads if lead.source_system == system and lead.external_id in ids}
    return known, {lead.pk for lead in leads if lead.account_id in companies and lead.stage in JUDGED_STAGES}


def _compared(row: Row, lead: Lead, before: Facts, context: Context) -> Change:
    change = memory.compare(row, row.said, lead, before, context)
    change.after |= beside(row)
    if (
        "captured_at" not in row.said
        and "qualified_at" in change.write
        and not before.get(CAPTURE_IS_GIVEN, not before)
    ):
        change.write["captured_at"] = change.write["qualified_at"]
        change.after["captured_at"] = memory.plain(change.write["qualified_at"])
    return change


def _write(change: Change, named: Named) -> dict[str, list[Any]]:
    """Set the facts and what follows from them; return what changed, for the event."""
    told = memory.apply(change, named)
    lead = change.record
    if "email" in change.write:
        for column, value in email_facts(lead.email).items():
            setattr(lead, column, value)
    if "company_name" in change.write:
        lead.account = named["company"].get(lead.company_name)
    return told


def _update(changes: list[Change], named: Named, context: Context) -> set[int]:
    columns: set[str] = {"updated_at", "stage", "account_id", "email_domain", "is_free_mail"}
    changed, events = [], []
    for change in changes:
        if told := _write(change, named):
            changed.append(change.record)
            columns |= memory.columns_of(change.write)
            events += _events_of_change(change.record, told, context)
    if changed:
        Lead.objects.bulk_update(changed, sorted(columns), batch_size=BATCH)
    LeadEvent.objects.bulk_create(events, batch_size=BATCH)
    return {lead.pk for lead in changed}


def _events_of_change(lead: Lead, told: dict[str, list[Any]], context: Context) -> list[LeadEvent]:
    lead.updated_at = context.now
    events = [_event(lead, LeadEventKind.UPDATED, context.now, context, data={"changes": told})]
    if "qualified_at" in told and told["qualified_at"][0] is None:
        old = Stage(lead.stage)
        lead.stage = Stage.PAST if old == Stage.CAPTURED else old
        events.append(_qualified(lead, old, context))
    return events


def _qualified(lead: Lead, old: Stage, context: Context) -> LeadEvent:
    return _event(lead, LeadEventKind.QUALIFIED, lead.qualified_at, context, old_stage=old, new_stage=lead.stage)


def _event(lead: Lead, kind: LeadEventKind, at: Any, context: Context, **fields: Any) -> LeadEvent:
    data = {"import": context.result.file_name} | fields.pop("data", {})
    return LeadEvent(lead=lead, kind=kind, at=at, actor=context.actor, data=data, **fields)
