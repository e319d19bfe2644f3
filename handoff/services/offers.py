"""Marketing asks sales: one qualified lead is offered, stamped with what was true at that moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError, NotFound
from alignment.kernel.locks import locked
from handoff.models import Handoff, HandoffEvent
from handoff.rules.clocks import Duty
from handoff.rules.workflow import Action, Status
from handoff.services import clocks, notices, routing
from leads.models import Lead
from leads.rules.stages import Stage
from leads.services import judging, stages

TOUCHES_KEPT = 20


class NotQualified(DomainError):
    """Only a lead that is qualified now can be handed over."""

    code = "not_qualified"


class AlreadyOffered(DomainError):
    """The lead waits for an answer of sales already."""

    code = "already_offered"


def hand_over(*, lead_id: int, actor: User, now: datetime) -> Handoff:
    """Offer a qualified lead to sales: by the first routing rule that fits, under a clock, with a mail to who is asked.

    The lead is judged once more before, so that the stamp says how it stands now and not how it stood once.
    Raises ``NotAllowed``, ``NotFound``, ``NotQualified``, ``AlreadyOffered``.
    """
    actor.require(Permission.SUBMIT_LEAD)
    judging.judge(lead_ids=[lead_id], now=now, actor=actor)
    return _offer(lead_id=lead_id, actor=actor, now=now)


@transaction.atomic
def _offer(*, lead_id: int, actor: User, now: datetime) -> Handoff:
    lead = _locked(lead_id)
    _check(lead)
    calendars = Calendars.load()
    route = routing.route(lead=lead, now=now, calendars=calendars)
    due = clocks.due(duty=Duty.DECIDE, owner=route.user, team=route.team, now=now, calendars=calendars)
    handoff = Handoff.objects.create(
        lead=lead,
        attempt=(lead.handoffs.aggregate(last=Max("attempt"))["last"] or 0) + 1,
        version=lead.verdict.version if lead.verdict else None,
        verdict=lead.verdict,
        stamp=stamp(lead),
        routing=route.stamp,
        team=route.team,
        offered_to=route.user,
        submitted_by=actor,
        offered_at=now,
        decide_by=due.at if due else None,
    )
    clocks.start(handoff=handoff, duty=Duty.DECIDE, owner=route.user, team=route.team, due=due, now=now)
    handoff.lead = stages.move(lead=lead, to=Stage.OFFERED, actor=actor, now=now, data={"handoff": handoff.pk})
    HandoffEvent.objects.create(
        handoff=handoff,
        action=Action.SUBMIT,
        new_status=Status.OFFERED,
        actor=actor,
        at=now,
        data={
            "attempt": handoff.attempt,
            "reason_code": route.stamp["reason_code"],
            "to": route.user.full_name if route.user else route.stamp["team_name"],
        },
    )
    notices.offered(handoff=handoff, now=now)
    return handoff


def stamp(lead: Lead) -> dict[str, Any]:
    """What was true of the lead when it was offered: nothing that is edited later changes it."""
    return {
        "version": lead.verdict.version.number if lead.verdict else None,
        "threshold": lead.verdict.threshold if lead.verdict else None,
        "points": lead.verdict.points if lead.verdict else None,
        "answers": lead.verdict.answers if lead.verdict else [],
        "lead": {
            "full_name": lead.full_name,
            "company": lead.company_name,
            "job_title": lead.job_title,
            "department": lead.department,
            "email": lead.email,
            "phone": lead.phone,
            "industry": lead.account.industry if lead.account else "",
            "prefecture": lead.account.prefecture if lead.account else "",
            "employees": lead.account.employee_count if lead.account else None,
            "source": lead.source,
            "campaign": lead.campaign.name if lead.campaign else "",
            "promise": lead.campaign.promise if lead.campaign else "",
            "captured_at": lead.captured_at.isoformat(),
        },
        "touches": [
            {"kind": touch.kind, "at": touch.at.isoformat(), "detail": touch.detail}
            for touch in lead.touches.order_by("-at", "-pk")[:TOUCHES_KEPT]
        ],
    }


def _locked(lead_id: int) -> Lead:
    lead = locked(Lead.objects.filter(pk=lead_id), "account", "campaign", "verdict__version")
    if lead is None:
        raise NotFound(_("There is no such lead."))
    return lead


def _check(lead: Lead) -> None:
    if lead.stage == Stage.OFFERED:
        raise AlreadyOffered(_("This lead is offered to sales already."))
    if lead.stage != Stage.QUALIFIED:
        message = _("Only a qualified lead can be handed over. This one is: %(stage)s.")
        raise NotQualified(message % {"stage": lead.get_stage_display()})
