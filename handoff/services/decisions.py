"""The only door to the status of a handoff: accept, reject, withdraw.

Each is lock, check, change, record, announce. Rows are locked in the order handoff, lead, clock.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotFound
from alignment.kernel.locks import locked
from handoff.models import Handoff, HandoffEvent, RejectionReason
from handoff.rules import workflow
from handoff.rules.clocks import Duty
from handoff.rules.next_steps import NextStep
from handoff.rules.workflow import Action, Status
from handoff.selectors.sentences import default_return, who_was_faster
from handoff.selectors.standing import standing
from handoff.services import clocks, notices
from leads.rules.stages import Stage
from leads.services import judging, stages
from leads.services.texts import REMARK, check_text

DECISION_FIELDS = (
    "status",
    "decided_at",
    "decided_by",
    "business_seconds_to_decide",
    "reason",
    "comment",
    "next_step",
    "recycle_on",
)


@transaction.atomic
def accept(*, handoff_id: int, actor: User, now: datetime, comment: str = "") -> Handoff:
    """Sales takes the lead: it belongs to the actor from now on, who owes a first attempt to reach the person.

    Raises ``NotFound``, ``NotAllowed``, or ``AlreadyDecided`` with the name of who was faster.
    """
    handoff = _locked(handoff_id)
    transition = _check(Action.ACCEPT, handoff, actor, now)
    handoff.comment = _remark(comment)
    calendars = Calendars.load()
    _decide(handoff, transition.target, actor, now, calendars)
    handoff.lead = stages.move(
        lead=handoff.lead,
        to=Stage.WITH_SALES,
        actor=actor,
        now=now,
        data={"handoff": handoff.pk},
        owner=actor,
        recycle_on=None,
    )
    due = clocks.due(duty=Duty.FIRST_ATTEMPT, owner=actor, team=actor.team, now=now, calendars=calendars)
    clocks.start(handoff=handoff, duty=Duty.FIRST_ATTEMPT, owner=actor, team=actor.team, due=due, now=now)
    event = _record(handoff, Action.ACCEPT, actor, now, {"comment": handoff.comment})
    notices.decided(handoff=handoff, event=event, now=now)
    return handoff


@transaction.atomic
def reject(
    *,
    handoff_id: int,
    reason: str,
    actor: User,
    now: datetime,
    comment: str = "",
    next_step: str | None = None,
    recycle_on: date | None = None,
) -> Handoff:
    """Sales gives the lead back, with a reason both sides agreed and what should happen next.

    ``next_step`` and ``recycle_on`` default to what the reason says; a date alone means: back to marketing on that day.
    Raises ``NotFound``, ``NotAllowed``, ``AlreadyDecided``, or ``InvalidInput`` with the field at fault.
    """
    handoff = _locked(handoff_id)
    transition = _check(Action.REJECT, handoff, actor, now)
    handoff.reason = _reason(reason, comment)
    handoff.comment = _remark(comment)
    calendars = Calendars.load()
    today = now.astimezone(calendars.organisation.zone).date()
    handoff.next_step, handoff.recycle_on = _what_next(handoff.reason, next_step, recycle_on, today)
    _decide(handoff, transition.target, actor, now, calendars)
    data = {
        "reason": handoff.reason.code,
        "comment": handoff.comment,
        "next_step": handoff.next_step,
        "recycle_on": handoff.recycle_on.isoformat() if handoff.recycle_on else None,
    }
    handoff.lead = stages.move(
        lead=handoff.lead,
        to=Stage.NURTURE if handoff.recycle_on else Stage.CLOSED,
        actor=actor,
        now=now,
        data={"handoff": handoff.pk, "reason": handoff.reason.code},
        owner=None,
        recycle_on=handoff.recycle_on,
    )
    event = _record(handoff, Action.REJECT, actor, now, data)
    notices.decided(handoff=handoff, event=event, now=now)
    return handoff


@transaction.atomic
def withdraw(*, handoff_id: int, actor: User, now: datetime, comment: str = "") -> Handoff:
    """Marketing takes an offer back before sales has decided; the lead waits again where it still qualifies.

    Raises ``NotFound``, ``NotAllowed`` or ``AlreadyDecided``.
    """
    handoff = _locked(handoff_id)
    transition = _check(Action.WITHDRAW, handoff, actor, now)
    handoff.status = transition.target
    handoff.comment = _remark(comment)
    handoff.save(update_fields=["status", "comment"])
    clocks.stop(handoff_id=handoff.pk, duty=Duty.DECIDE, now=now)
    stages.move(lead=handoff.lead, to=Stage.QUALIFIED, actor=actor, now=now, data={"handoff": handoff.pk})
    judging.judge(lead_ids=[handoff.lead_id], now=now, actor=actor)  # its facts may have changed since it was offered
    handoff.lead.refresh_from_db()
    event = _record(handoff, Action.WITHDRAW, actor, now, {"comment": handoff.comment})
    notices.decided(handoff=handoff, event=event, now=now)
    return handoff


def _locked(handoff_id: int) -> Handoff:
    handoff = locked(Handoff.objects.filter(pk=handoff_id), "lead", "offered_to__team", "team", "submitted_by")
    if handoff is None:
        raise NotFound(_("There is no such handoff."))
    return handoff


def _check(action: Action, handoff: Handoff, actor: User, now: datetime) -> workflow.Transition:
    status, told = Status(handoff.status), ""
    if status not in workflow.OPEN_STATUSES:
        last = handoff.events.select_related("actor").order_by("-at", "-pk").first()
        told = who_was_faster(last, now=now) if last else ""
    return workflow.check(action, status=status, standing=standing(handoff, actor), told=told)


def _decide(handoff: Handoff, status: Status, actor: User, now: datetime, calendars: Calendars) -> None:
    """Sales has answered: the clock stops where it stands, at its start at the earliest (hosts differ by seconds)."""
    clocks.meet(handoff_id=handoff.pk, duty=Duty.DECIDE, at=max(now, handoff.offered_at), calendars=calendars)
    handoff.status = status
    handoff.decided_at = now
    handoff.decided_by = actor
    handoff.business_seconds_to_decide = clocks.business_seconds(
        owner=handoff.offered_to, team=handoff.team, start=handoff.offered_at, end=now, calendars=calendars
    )
    handoff.save(update_fields=DECISION_FIELDS)


def _record(handoff: Handoff, action: Action, actor: User, now: datetime, data: dict[str, Any]) -> HandoffEvent:
    return HandoffEvent.objects.create(
        handoff=handoff,
        action=action,
        old_status=Status.OFFERED,
        new_status=handoff.status,
        actor=actor,
        at=now,
        data=data,
    )


def _remark(comment: str) -> str:
    check_text(comment, longest=REMARK, field="comment")
    return comment.strip()


def _reason(code: str, comment: str) -> RejectionReason:
    reason = RejectionReason.objects.filter(code=code, is_active=True).first()
    if reason is None:
        raise InvalidInput(_("Choose one of the agreed reasons."), field="reason")
    if reason.needs_comment and not comment.strip():
        message = _("“%(reason)s” needs a comment: what should marketing know?")
        raise InvalidInput(message % {"reason": reason.label}, field="comment")
    return reason


def _what_next(
    reason: RejectionReason, step: str | None, recycle_on: date | None, today: date
) -> tuple[NextStep, date | None]:
    if step and step not in NextStep.values:
        raise InvalidInput(_("Choose what should happen next."), field="next_step")
    chosen = NextStep(step or (NextStep.RECYCLE if recycle_on else reason.next_step))
    if chosen == NextStep.CLOSE:
        if recycle_on:
            raise InvalidInput(_("A lead that is closed does not come back on a date."), field="recycle_on")
        return chosen, None
    day = recycle_on or default_return(reason, today=today)
    if day <= today:
        raise InvalidInput(_("The lead can come back tomorrow at the earliest."), field="recycle_on")
    return chosen, day
