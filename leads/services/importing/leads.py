"""Stores rows as leads.

Locks, in the order that live work takes them: companies whose blanks are filled, then the leads in order of id; new
companies and campaigns are made after that.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from alignment.kernel.locks import locked_all
from leads.models import Lead, LeadEvent
from leads.rules import normalise
from leads.rules.stages import JUDGED_STAGES, LeadEventKind, Stage
from leads.services import judging
from leads.services.capture import CLOCK_SKEW
from leads.services.companies import fill_blanks
from leads.services.facts import LIMITS, email_facts
from leads.services.importing import memory, newcomers, parties
from leads.services.importing.context import BATCH, Context, Row
from leads.services.importing.memory import Change, Facts, Named
from leads.services.texts import LONG_TEXT

_TEXTS = ("full_name", "full_name_kana", "job_title", "department", "source", "landing_page", "note")
_LONGEST = {
    name: LIMITS.get(name, LONG_TEXT) for name in (*_TEXTS, "external_id", "campaign", "industry", "prefecture")
} | {"company": LIMITS["company_name"]}
_WHO = ("full_name", "email", "company")
_OF_COMPANY = "company."
_CAPTURE_IS_GIVEN = "captured_at is given"
"""Remembered of a lead whose moment of capture a file has said; else it follows from the qualification."""


def store(rows: list[Row], context: Context) -> None:
    """Make new leads and update known ones.

    A lead that the file calls qualified is history: it stands in stage "from before" and is nobody's turn. Any other
    is judged like a lead of today. Of its company only blanks are filled.
    """
    taken = [row for row in rows if not _is_refused(row, context)]
    before = memory.recall(taken, context)
    about = {row.external_id: _news_of_company(row, before.get(row.external_id, {})) for row in taken}
    of_companies = _by_company(taken, about)
    filled = fill_blanks(of_companies)
    known, of_filled = _locked(taken, filled, context)
    changes = [_compared(row, known.get(row.external_id), before.get(row.external_id, {}), context) for row in taken]
    named = _named(changes, of_companies, context)
    new = [change for change in changes if change.record is None]
    newcomers.store(new, named, context)
    to_change = [change for change in changes if change.record and change.write]
    changed = _update(to_change, named, context)
    refilled = {
        known[row.external_id].pk
        for row in taken
        if row.external_id in known and about[row.external_id] and _company_key(row) in filled
    }
    judging.judge(lead_ids=sorted(changed | of_filled), now=context.now, actor=context.actor)
    memory.remember([change for change in changes if change.record], context)
    context.result.created += len(new)
    context.result.updated += len(changed | refilled)
    context.result.unchanged += len(taken) - len(new) - len(changed | refilled)


def _named(changes: list[Change], of_companies: dict[str, Facts], context: Context) -> Named:
    """The campaigns and companies of the facts that will be written."""
    companies = [change.write["company_name"] for change in changes if "company_name" in change.write]
    return {
        "campaign": parties.campaigns(change.write["campaign"] for change in changes if "campaign" in change.write),
        "company": parties.companies(companies, now=context.now, facts=of_companies),
    }


def _is_refused(row: Row, context: Context) -> bool:
    for name, limit in _LONGEST.items():
        value = row.external_id if name == "external_id" else row.fields.get(name, "")
        if len(value) > limit:
            message = _("“%(field)s” has more than %(max)d characters.") % {"field": name, "max": limit}
            context.refuse(row, "too_long", message)
            return True
    if not row.has_id and not any(row.fields.get(name) for name in _WHO):
        context.refuse(row, "nobody", _("The row has no id, name, e-mail address or company: give at least one."))
        return True
    if any(at and at > context.now + CLOCK_SKEW for at in map(row.fields.get, ("captured_at", "qualified_at"))):
        context.refuse(row, "in_the_future", _("A date lies in the future."))
        return True
    return False


def _company_key(row: Row) -> str:
    return normalise.company_key(row.fields.get("company", ""))


def _news_of_company(row: Row, before: Facts) -> Facts:
    """What the row says of its company that the files before it did not say of the same company."""
    is_same = before.get("company_name") == row.fields.get("company")
    said = {column: row.fields.get(name) for name, column in parties.COMPANY_FACTS.items()}
    return {
        column: value
        for column, value in said.items()
        if value and _company_key(row) and not (is_same and before.get(_OF_COMPANY + column) == value)
    }


def _by_company(rows: list[Row], about: dict[str, Facts]) -> dict[str, Facts]:
    """The same by company; the first row of the file that says something counts."""
    found: dict[str, Facts] = {}
    for row in rows:
        if news := about[row.external_id]:
            found[_company_key(row)] = news | found.get(_company_key(row), {})
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


def _compared(row: Row, lead: Lead | None, before: Facts, context: Context) -> Change:
    change = memory.compare(row, _facts(row, context), lead, before, context)
    if row.fields.get("captured_at"):
        change.after[_CAPTURE_IS_GIVEN] = True
    elif lead is None and not row.fields.get("qualified_at"):
        context.result.warn(row.number, "no_date", _("No date of capture: today is taken."))
    elif lead and "qualified_at" in change.write and before and not before.get(_CAPTURE_IS_GIVEN):
        change.write["captured_at"] = change.write["qualified_at"]
        change.after["captured_at"] = memory.plain(change.write["qualified_at"])
    if _company_key(row):
        said = {_OF_COMPANY + column: row.fields.get(name) for name, column in parties.COMPANY_FACTS.items()}
        change.after |= {name: value for name, value in said.items() if value}
    return change


def _facts(row: Row, context: Context) -> Facts:
    """What the row says of the lead. What it says of a company that it does not name is kept beside the lead."""
    fields, custom = row.fields, dict(row.custom)
    facts: Facts = {name: fields.get(name, "") for name in (*_TEXTS, "campaign", "captured_at", "qualified_at")}
    facts["company_name"] = fields.get("company", "")
    for name in ("email", "phone"):
        facts[name] = _or_custom(row, name, custom, context)
    if not _company_key(row):
        custom |= {name: str(fields[name]) for name in parties.COMPANY_FACTS if fields.get(name)}
    return facts | memory.custom_facts(custom)


def _or_custom(row: Row, name: str, custom: dict[str, str], context: Context) -> str:
    """The cleaned value; one that cannot be read is kept among the custom fields and the row taken with a warning."""
    given = row.fields.get(name, "")
    try:
        return normalise.email(given) if name == "email" else normalise.phone(given)
    except InvalidInput as fault:
        custom[name] = given
        context.result.warn(row.number, f"unreadable_{name}", str(fault.message))
        return ""


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
