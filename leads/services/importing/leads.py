"""Stores rows as leads.

Locks, in the order that live work takes them: campaigns, companies whose blanks are filled, then the leads in order of
id; new companies and campaigns are made after that.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from alignment.kernel.locks import locked_all
from leads.models import Lead, LeadEvent
from leads.rules.stages import JUDGED_STAGES, LeadEventKind, Stage
from leads.selectors.matching import COMPARED
from leads.services import duplicates, judging, snapshots
from leads.services.campaigns import campaigns_named
from leads.services.companies import fill_blanks
from leads.services.facts import email_facts
from leads.services.importing import memory, newcomers, parties, recognising, undoing
from leads.services.importing.context import BATCH, Context, Row
from leads.services.importing.lead_rows import CAPTURE_IS_GIVEN, OF_COMPANY, WHO, beside
from leads.services.importing.memory import Change, Facts, Named
from leads.services.importing.recognising import Recognised
from leads.services.joining import Moved

ROUNDS = 8
"""So often do rows of a part wait for one that may be the same person; then only the first row of a lead writes."""
TRIES = 5
"""So often after that are leads looked for once more that somebody has merged meanwhile."""


def store(rows: list[Row], context: Context) -> None:
    """Make new leads and update known ones.

    A row is known by its id or, by what it says, as surely somebody who is here (see ``recognising``). A lead that the
    file calls qualified is history: it stands in stage "from before" and is nobody's turn. Any other is judged like a
    lead of today. Of its company only blanks are filled.

    Raises ``Moved``, for the part to be tried anew, where the leads don't come to rest.
    """
    rounds = 0
    while rows:
        rounds += 1
        if rounds > ROUNDS + TRIES:
            raise Moved
        whose = recognising.recognise(rows, context, is_last=rounds >= ROUNDS)
        with suppress(Moved), transaction.atomic():
            _store(whose.rows, whose, context)
            rows = whose.later


def _store(rows: list[Row], whose: Recognised, context: Context) -> None:
    """Raises ``Moved`` where somebody has merged one of the leads since they were recognised."""
    before = memory.recall(rows, context)
    campaigns_named({row.said.get("campaign", "") for row in rows})
    about = {row.external_id: _news_of_company(row, before.get(row.external_id, {})) for row in rows}
    of_companies = _by_company(rows, about)
    filled = fill_blanks(of_companies)
    leads = _locked(whose, filled)
    if not leads.keys() >= set(whose.leads.values()):
        raise Moved
    known = {key: leads[pk] for key, pk in whose.leads.items()}
    of_filled = {pk for pk, lead in leads.items() if lead.account_id in filled.values() and lead.stage in JUDGED_STAGES}
    new = [row for row in rows if row.external_id not in known]
    changes = [
        _compared(row, known[row.external_id], before.get(row.external_id, {}), whose, context)
        for row in rows
        if row.external_id in known
    ]
    _let_the_first_write(changes)
    named = _named([*(row.said for row in new), *(change.write for change in changes)], of_companies, context)
    _note_missing_dates(new, context)
    _note_missing_names(new, context)
    newcomers.store(new, named, context)
    updates = [change for change in changes if change.write or change.evidence]
    was = {change.record.pk: snapshots.take(change.record) for change in updates}
    changed = _update(updates, named, context)
    recognising.keep(whose, context)
    refilled = {
        known[row.external_id].pk
        for row in rows
        if row.external_id in known and about[row.external_id] and row.person.company in filled
    }
    judging.judge(lead_ids=sorted(changed | of_filled), now=context.now, actor=context.actor)
    compared = {change.record.pk for change in updates if change.write.keys() & COMPARED}
    duplicates.look(lead_ids=compared, now=context.now)
    if updates:
        noted = [(change.row.external_id, change.record.pk, change.before or None) for change in updates]
        undoing.note(job=context.job, was=was, rows=noted)
    memory.remember(changes, context)
    context.result.created += len(new)
    context.result.updated += len(changed | refilled)
    context.result.unchanged += len(rows) - len(new) - len(changed | refilled)


def _let_the_first_write(changes: list[Change]) -> None:
    """Of rows of one lead that are looked at together, the others only leave what they say for the next file."""
    met: set[int] = set()
    for change in changes:
        if change.record.pk in met:
            change.write = {}
        met.add(change.record.pk)


def _note_missing_dates(new: list[Row], context: Context) -> None:
    dates = {"captured_at", "qualified_at"}
    if not dates & {column.field for column in context.mapping.columns}:
        context.result.note(_("No column says when the leads were captured: today is taken."))
        return
    for row in new:
        if not row.said.keys() & dates:
            context.result.warn(row.number, "no_date", _("No date of capture: today is taken."))


def _note_missing_names(new: list[Row], context: Context) -> None:
    """A remark where the file says who people are, but not in this row."""
    if not any(column.field in WHO for column in context.mapping.columns):
        return
    for row in new:
        if not any(row.said.get(name) for name in ("full_name", "email", "company_name")):
            message = _("Neither a name nor an e-mail address nor a company: known by its id alone.")
            context.result.warn(row.number, "nobody_named", message)


def _named(written: list[Facts], of_companies: dict[str, Facts], context: Context) -> Named:
    """The campaigns and companies of the facts that will be written."""
    companies = [facts["company_name"] for facts in written if "company_name" in facts]
    return {
        "campaign": parties.campaigns(facts["campaign"] for facts in written if "campaign" in facts),
        "company": parties.company_ids(companies, now=context.now, facts=of_companies),
    }


def _news_of_company(row: Row, before: Facts) -> Facts:
    """What the row says of its company that the files before it did not say of the same company."""
    is_same = before.get("company_name") == row.said.get("company_name")
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
            found[row.person.company] = news | found.get(row.person.company, {})
    return found


def _locked(whose: Recognised, filled: dict[str, int]) -> dict[int, Lead]:
    """The known leads of the rows, and all that a filled company may qualify, by id.

    Locked together in order of id, so that two imports wait for each other and never in a circle.
    """
    of_rows = Q(pk__in=whose.leads.values())
    of_filled = Q(account__in=filled.values(), stage__in=JUDGED_STAGES)
    leads = Lead.objects.filter(of_rows | of_filled if filled else of_rows).order_by("pk")
    return {lead.pk: lead for lead in locked_all(leads, "campaign")}


def _compared(row: Row, lead: Lead, before: Facts, whose: Recognised, context: Context) -> Change:
    if row.external_id in whose.matched:
        return recognising.compared(row, lead, whose, context)
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
        lead.account_id = named["company"].get(lead.company_name)
    return told


def _update(changes: list[Change], named: Named, context: Context) -> set[int]:
    columns: set[str] = {"updated_at", "stage", "account_id", "email_domain", "is_free_mail"}
    changed, events = [], []
    for change in changes:
        if told := _write(change, named):
            changed.append(change.record)
            columns |= memory.columns_of(change.write)
        if told or change.evidence:
            events += _events_of_change(change, told, context)
            _show(change, told, context)
    if changed:
        Lead.objects.bulk_update(changed, sorted(columns), batch_size=BATCH)
    LeadEvent.objects.bulk_create(events, batch_size=BATCH)
    return {lead.pk for lead in changed}


def _show(change: Change, told: dict[str, list[Any]], context: Context) -> None:
    """Keep what becomes of a known lead as an example, and why the row is this lead where its id did not say so."""
    facts = {"name": change.row.display_name, "lead": change.record.pk, "changes": told}
    if change.evidence:
        context.result.show("matched", change.row.number, **facts, evidence=change.evidence.as_json())
    else:
        context.result.show("updated", change.row.number, **facts)


def _events_of_change(change: Change, told: dict[str, list[Any]], context: Context) -> list[LeadEvent]:
    lead = change.record
    lead.updated_at = context.now
    data: dict[str, Any] = {"changes": told} if told else {}
    if change.evidence:
        data |= {"recognised": change.evidence.as_json(), "row": change.row.number}
    events = [_event(lead, LeadEventKind.UPDATED, context.now, context, data=data)]
    if "qualified_at" in told and told["qualified_at"][0] is None:
        old = Stage(lead.stage)
        lead.stage = Stage.PAST if old == Stage.CAPTURED else old
        events.append(_qualified(lead, old, context))
    return events


def _qualified(lead: Lead, old: Stage, context: Context) -> LeadEvent:
    return _event(lead, LeadEventKind.QUALIFIED, lead.qualified_at, context, old_stage=old, new_stage=lead.stage)


def _event(lead: Lead, kind: LeadEventKind, at: Any, context: Context, **fields: Any) -> LeadEvent:
    data = {"import": context.result.file_name, "job": context.job.pk} | fields.pop("data", {})
    return LeadEvent(lead=lead, kind=kind, at=at, actor=context.actor, data=data, **fields)
