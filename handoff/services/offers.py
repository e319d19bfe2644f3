"""Marketing asks sales: one qualified lead is offered, stamped with what was true at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import Team, User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError
from alignment.kernel.locks import locked
from handoff.models import Clock, Handoff, HandoffEvent
from handoff.rules.clocks import Duty
from handoff.rules.workflow import Action, Status
from handoff.services import clocks, notices, routing
from handoff.services.clocks import Due
from handoff.services.routing import Route
from leads.models import Lead, Touch
from leads.rules.stages import Stage
from leads.services import judging, stages, standing

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
    Raises ``NotAllowed``, ``NotFound``, ``NotStanding``, ``NotQualified``, ``AlreadyOffered``.
    """
    actor.require(Permission.SUBMIT_LEAD)
    judging.judge(lead_ids=[lead_id], now=now, actor=actor)
    with transaction.atomic():
        return hand_over_judged(leads=[_locked(lead_id)], actor=actor, now=now)[lead_id]


@transaction.atomic
def hand_over_judged(*, leads: Sequence[Lead], actor: User, now: datetime) -> dict[int, Handoff]:
    """The same for several leads, all of them or none, in a few statements: the handoffs by lead id.

    They are locked by this transaction already (or were made in it), and stand as they were judged just now. Turns are
    taken in the order given.
    """
    actor.require(Permission.SUBMIT_LEAD)
    for lead in leads:
        _check(lead)
    if not leads:
        return {}
    calendars = Calendars.load()
    prefetch_related_objects(leads, Prefetch("touches", Touch.objects.order_by("-at", "-pk")))
    chosen = routing.routes(leads=leads, now=now, calendars=calendars)
    dues: dict[tuple[User | None, Team | None], Due | None] = {}
    for route in chosen.values():
        owner, team = who = (route.user, route.team)
        if who not in dues:
            dues[who] = clocks.due(duty=Duty.DECIDE, owner=owner, team=team, now=now, calendars=calendars)
    last = Handoff.objects.filter(lead__in=leads).values_list("lead").annotate(Max("attempt"))
    attempts: dict[int, int] = dict(last)
    offered: list[Handoff] = []
    for lead in leads:
        route = chosen[lead.pk]
        due, attempt = dues[route.user, route.team], attempts.get(lead.pk, 0) + 1
        offered.append(_offer(lead, route=route, due=due, attempt=attempt, actor=actor, now=now))
    Handoff.objects.bulk_create(offered)
    running = [
        clocks.started(handoff=each, duty=Duty.DECIDE, owner=each.offered_to, team=each.team, due=due, now=now)
        for each in offered
        if (due := dues[each.offered_to, each.team])
    ]
    Clock.objects.bulk_create(running)
    data = {each.lead_id: {"handoff": each.pk} for each in offered}
    stages.move_locked(leads=leads, to=Stage.OFFERED, actor=actor, now=now, data=data)
    HandoffEvent.objects.bulk_create([_event(each, actor, now) for each in offered])
    notices.offered(handoffs=offered, now=now)
    return {each.lead_id: each for each in offered}


def _offer(lead: Lead, *, route: Route, due: Due | None, attempt: int, actor: User, now: datetime) -> Handoff:
    """The handoff, not saved yet."""
    return Handoff(
        lead=lead,
        attempt=attempt,
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


def _event(handoff: Handoff, actor: User, now: datetime) -> HandoffEvent:
    route = handoff.routing
    return HandoffEvent(
        handoff=handoff,
        action=Action.SUBMIT,
        new_status=Status.OFFERED,
        actor=actor,
        at=now,
        data={
            "attempt": handoff.attempt,
            "reason_code": route["reason_code"],
            "to": handoff.offered_to.full_name if handoff.offered_to else route["team_name"],
        },
    )


def stamp(lead: Lead) -> dict[str, Any]:
    """What was true of the lead when it was offered: nothing that is edited later changes it.

    Its touches must be there already, the newest first.
    """
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
            {"kind": touch.kind_id, "at": touch.at.isoformat(), "detail": touch.detail}
            for touch in lead.touches.all()[:TOUCHES_KEPT]
        ],
    }


def _locked(lead_id: int) -> Lead:
    lead = locked(Lead.objects.filter(pk=lead_id), "account", "campaign", "verdict__version")
    if lead is None:
        raise standing.refusal(lead_id)
    return lead


def _check(lead: Lead) -> None:
    if lead.stage == Stage.OFFERED:
        raise AlreadyOffered(_("This lead is offered to sales already."))
    if lead.stage != Stage.QUALIFIED:
        message = _("Only a qualified lead can be handed over. This one is: %(stage)s.")
        raise NotQualified(message % {"stage": lead.get_stage_display()})
