"""Stores rows as activities of sales: what was done before, or in another tool.

An activity of a file is history. It counts as attempt and contact and may be a lead's first contact, but it stops no
deadline that runs here, ends no plan (next step) and moves no stage: what sales owes now it records here.
Leads are locked in order of id; activities are made after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import TextChoices
from django.db.models.functions import Lower
from django.utils import translation
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.roles import Side
from alignment.kernel.errors import InvalidInput
from alignment.kernel.locks import locked_all
from leads.models import Activity, Lead, LeadEvent
from leads.rules import normalise
from leads.rules.activities import OUTCOMES, ActivityKind, Outcome, check_outcome, is_attempt, is_contact
from leads.rules.stages import LeadEventKind
from leads.services.importing import happened, lead_names, memory
from leads.services.importing.context import BATCH, Context, Row
from leads.services.importing.memory import Facts
from leads.services.importing.reading import RowFault
from leads.services.importing.result import Remark
from leads.services.texts import LONG_TEXT


def prepare(row: Row, *, now: datetime, **_circumstances: Any) -> Iterable[Remark]:
    """Check what the row alone tells, and read kind and outcome in our words; raises ``RowFault``."""
    lead_names.check_names_lead(row)
    lead_names.check_moment_of(row, now=now)
    fields = row.fields
    if not fields.get("done_by"):
        raise RowFault("nobody_did_it", _("The row does not say who did it: give the e-mail address."))
    if len(fields.get("note", "")) > LONG_TEXT:
        message = _("“%(field)s” has more than %(max)d characters.") % {"field": "note", "max": LONG_TEXT}
        raise RowFault("too_long", message)
    kind = _meant(ActivityKind, fields.get("kind", ""))
    if kind is None:
        message = _("“%(word)s” is no kind of activity. Known are: %(known)s.")
        raise RowFault("no_such_kind", _known(message, fields, "kind", ActivityKind.values))
    options = OUTCOMES[ActivityKind(kind)]
    outcome = _meant(Outcome, fields.get("outcome", "")) if fields.get("outcome") or len(options) > 1 else options[0]
    try:
        check_outcome(kind=kind, outcome=outcome or "")
    except InvalidInput as fault:
        message = _("“%(word)s” is no outcome of this kind of activity. Known are: %(known)s.")
        raise RowFault("no_such_outcome", _known(message, fields, "outcome", options)) from fault
    row.said = {"kind": kind, "outcome": outcome, "at": fields["at"], "note": fields.get("note", "").strip()}
    row.said["done_by"] = normalise.text(fields["done_by"]).lower()
    return ()


def store(rows: list[Row], context: Context) -> None:
    """Record what no file has told before, and the first contact with each lead where it becomes an earlier one."""
    context.result.note(
        _("What a file says that sales did stops no deadline that runs here. Sales records its attempts here.")
    )
    people = _people({row.said["done_by"] for row in rows})
    leads = lead_names.found([row for row in rows if _is_of_sales(row, people, context)], context)
    rows = [row for row in rows if row.number in leads]
    said: dict[int, Facts] = {row.number: {"lead": leads[row.number], **row.said} for row in rows}
    new = happened.not_yet_taken(rows, said, context)
    locked = {
        lead.pk: lead
        for lead in locked_all(Lead.objects.filter(pk__in={leads[row.number] for row in new}).order_by("pk"))
    }
    for row in new:
        if leads[row.number] not in locked:  # merged, or taken back, at this moment
            context.refuse(row, "no_such_lead", _("There is no such lead."))
    new = [row for row in new if leads[row.number] in locked]
    made = Activity.objects.bulk_create(
        [_activity(row, locked[leads[row.number]], people, context) for row in new], batch_size=BATCH
    )
    _note_contacts(locked, made, context)
    Lead.objects.filter(pk__in=locked).update(updated_at=context.now)
    memory.remember(
        [
            happened.remembered(row, said[row.number], activity_id=activity.pk)
            for row, activity in zip(new, made, strict=True)
        ],
        context,
    )
    context.result.created += len(made)


def _meant(words: type[TextChoices], given: str) -> str | None:
    """The value that a word of a file means: itself, or what it is called in one of our languages."""
    return _called(words).get(normalise.text(given).casefold())


@cache
def _called(words: type[TextChoices]) -> dict[str, str]:
    found: dict[str, str] = {}
    for language in ("en", "ja"):
        with translation.override(language):
            found |= {normalise.text(str(word.label)).casefold(): str(word.value) for word in words}
    return found | {str(word.value): str(word.value) for word in words}


def _known(message: str, fields: dict[str, Any], name: str, options: Iterable[str]) -> str:
    return message % {"word": fields.get(name, "")[:100], "known": ", ".join(options)}


def _people(addresses: set[str]) -> dict[str, User]:
    """Who is meant by each address, those who have left too."""
    found = User.objects.annotate(address=Lower("email")).filter(address__in=addresses)
    return {user.email.lower(): user for user in found if user.email}


def _is_of_sales(row: Row, people: dict[str, User], context: Context) -> bool:
    user = people.get(row.said["done_by"])
    if user is not None and user.side == Side.SALES:
        return True
    message = _("“%(address)s” is nobody of sales here: an activity is what a person of sales did.")
    context.refuse(row, "not_of_sales", message % {"address": row.said["done_by"][:100]})
    return False


def _activity(row: Row, lead: Lead, people: dict[str, User], context: Context) -> Activity:
    facts = {name: row.said[name] for name in ("kind", "outcome", "at", "note")}
    return Activity(
        lead=lead,
        actor=people[row.said["done_by"]],
        is_attempt=is_attempt(facts["kind"]),
        is_contact=is_contact(facts["outcome"]),
        recorded_at=context.now,
        **facts,
    )


def _note_contacts(leads: dict[int, Lead], made: Sequence[Activity], context: Context) -> None:
    """Set the first contact of each lead to the earliest that is known now, with its event."""
    first: dict[int, Activity] = {}
    for activity in sorted((one for one in made if one.is_contact), key=lambda one: (one.at, one.pk)):
        first.setdefault(activity.lead_id, activity)
    earlier = [
        activity for pk, activity in sorted(first.items()) if _is_earlier(activity, leads[pk].first_contacted_at)
    ]
    LeadEvent.objects.bulk_create([_event(leads[one.lead_id], one, context) for one in earlier], batch_size=BATCH)
    for activity in earlier:
        leads[activity.lead_id].first_contacted_at = activity.at
    Lead.objects.bulk_update([leads[one.lead_id] for one in earlier], ["first_contacted_at"], batch_size=BATCH)


def _is_earlier(activity: Activity, known: datetime | None) -> bool:
    return known is None or activity.at < known


def _event(lead: Lead, activity: Activity, context: Context) -> LeadEvent:
    """The first contact at its moment; one that turns out to be earlier is a correction made now."""
    before = lead.first_contacted_at
    data: dict[str, Any] = {
        "activity": activity.pk,
        "import": context.result.file_name,
        "job": context.job.pk,
    }
    if before is None:
        return LeadEvent(lead=lead, kind=LeadEventKind.CONTACTED, actor=context.actor, at=activity.at, data=data)
    data["changes"] = {"first_contacted_at": [before.isoformat(), activity.at.isoformat()]}
    return LeadEvent(lead=lead, kind=LeadEventKind.UPDATED, actor=context.actor, at=context.now, data=data)
