"""What sales did, recorded the same way by everyone: always with its outcome."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel import formats
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed
from alignment.kernel.locks import locked
from alignment.kernel.moments import check_moment
from leads.models import Activity, Lead, LeadEvent
from leads.rules.activities import check_outcome, is_attempt, is_contact
from leads.rules.stages import LeadEventKind, Stage
from leads.selectors import work
from leads.services import standing
from leads.services.texts import LONG_TEXT, check_text

WITH_SALES = frozenset({Stage.WITH_SALES, Stage.CUSTOMER})
"""Stages in which sales works on a lead."""
CLOCK_SKEW = timedelta(minutes=5)


class NotWithSales(DomainError):
    """Sales has not accepted the lead (any more), so nothing can be recorded."""

    code = "not_with_sales"


@transaction.atomic
def record_activity(
    *,
    lead_id: int,
    kind: str,
    outcome: str,
    note: str,
    at: datetime | None,
    next_step_on: date | None,
    actor: User,
    now: datetime,
) -> Activity:
    """Record one thing that sales did for a lead, with what came of it; ``at`` empty: just now.

    The first contact sets ``first_contacted_at``. ``next_step_on`` becomes the lead's next step; an attempt without one
    ends the plan that was there, a note leaves it. Raises ``NotWithSales``, ``NotAllowed`` or ``InvalidInput``.
    """
    actor.require(Permission.RECORD_ACTIVITY)
    lead = lead_with_sales(lead_id, actor=actor, permission=Permission.RECORD_ACTIVITY)
    checked = check_outcome(kind=kind, outcome=outcome)
    moment = at or now
    if moment > now + CLOCK_SKEW:
        raise InvalidInput(_("This moment lies in the future; a plan is a next step."), field="at")
    check_moment(moment, field="at")
    _check_next_step(next_step_on, done_on=moment.astimezone(ZoneInfo(actor.time_zone)).date())
    check_text(note, longest=LONG_TEXT, field="note")
    activity = Activity.objects.create(
        lead=lead,
        kind=kind,
        outcome=checked,
        is_attempt=is_attempt(kind),
        is_contact=is_contact(checked),
        at=moment,
        actor=actor,
        note=note.strip(),
        recorded_at=now,
    )
    _apply(lead, activity, next_step_on, actor, now)
    return activity


def lead_with_sales(lead_id: int, *, actor: User, permission: Permission) -> Lead:
    """The lead, locked, where sales has it and ``actor`` may work on it."""
    lead = locked(Lead.objects.filter(pk=lead_id), "owner", "account")
    if lead is None:
        raise standing.refusal(lead_id)
    if lead.stage not in WITH_SALES:
        words = {"stage": lead.get_stage_display()}
        raise NotWithSales(_("This lead is %(stage)s. Sales records work once it has accepted a lead.") % words)
    if not work.may_work_on(owner=lead.owner, actor=actor, permission=permission):
        owner = lead.owner.full_name if lead.owner else ""
        raise NotAllowed(_("This lead belongs to %(owner)s and their team.") % {"owner": owner})
    return lead


def _check_next_step(next_step_on: date | None, *, done_on: date) -> None:
    if next_step_on is not None and next_step_on < done_on:
        message = _("The next step lies before what was done. Choose %(day)s or a later day, or leave it empty.")
        raise InvalidInput(message % {"day": formats.date(done_on)}, field="next_step_on")


def _apply(lead: Lead, activity: Activity, next_step_on: date | None, actor: User, now: datetime) -> None:
    first = lead.first_contacted_at
    if next_step_on is not None or activity.is_attempt:
        lead.next_step_on = next_step_on
    lead.updated_at = now
    if activity.is_contact and (first is None or activity.at < first):
        lead.first_contacted_at = activity.at
        data: dict[str, Any] = {"activity": activity.pk}
        kind = LeadEventKind.CONTACTED
        if first is not None:  # an earlier contact was recorded late
            kind = LeadEventKind.UPDATED
            data["changes"] = {"first_contacted_at": [first.isoformat(), activity.at.isoformat()]}
        LeadEvent.objects.create(lead=lead, kind=kind, actor=actor, at=activity.at if first is None else now, data=data)
    lead.save(update_fields=["next_step_on", "updated_at", "first_contacted_at"])
