"""The mails of a handoff, written to the outbox with the change that causes them.

Words that come from data (the verdict's sentences, times) are said when the notice is written, in the language and
zone of the person who gets it; everything else is in the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model

from alignment.accounts.models import User
from alignment.accounts.roles import Role, Side
from alignment.kernel import formats, queue
from alignment.outbox import services as outbox
from handoff.models import Clock, Handoff, HandoffEvent
from handoff.rules.workflow import Status
from handoff.selectors import agreements
from handoff.selectors.sentences import next_step, why_here
from leads.selectors import verdicts


def offered(*, handoffs: Sequence[Handoff], now: datetime) -> None:
    """Ask whoever may decide each: the person, else the team, else the managers of sales. The doorbell rings once."""
    with queue.muted():
        for handoff in handoffs:
            _offered(handoff, now)
    queue.nudge("outbox.sweep")


def _offered(handoff: Handoff, now: datetime) -> None:
    def context() -> dict[str, Any]:
        return _lead(handoff) | {
            "is_for_team": handoff.offered_to_id is None,
            "why": why_here(handoff.routing),
            "verdict": _verdict(handoff),
            "decide_by": formats.datetime(handoff.decide_by) if handoff.decide_by else "",
        }

    key = f"offered:{handoff.pk}"
    outbox.write_all(to=_asked(handoff), template="handoff/email/offered", context=context, key=key, now=now)


def decided(*, handoff: Handoff, event: HandoffEvent, now: datetime) -> None:
    """Tell who handed the lead over what sales decided, and whoever was asked that the offer is gone."""
    is_gone = handoff.status == Status.WITHDRAWN
    # A team sees in its inbox what one of its members decided.
    asked = _asked(handoff) if is_gone or handoff.offered_to else []
    _decided(handoff, event, asked, was_asked=True, now=now)
    if not is_gone and handoff.submitted_by not in asked:
        _decided(handoff, event, [handoff.submitted_by], was_asked=False, now=now)


def _decided(handoff: Handoff, event: HandoffEvent, people: list[User], *, was_asked: bool, now: datetime) -> None:
    told = [person for person in people if person != event.actor and person.is_active]

    def context() -> dict[str, Any]:
        return _lead(handoff) | {
            "was_asked": was_asked,
            "outcome": handoff.status,
            "actor": event.actor.full_name,
            "reason": handoff.reason.label if handoff.reason else "",
            "comment": handoff.comment,
            "next_step": next_step(
                handoff.next_step, handoff.recycle_on, reason=handoff.reason.code if handoff.reason else ""
            ),
        }

    template = "handoff/email/decided"
    outbox.write_all(to=told, template=template, context=context, key=f"decided:{handoff.pk}", now=now)


def breached(*, clocks: Sequence[Clock], now: datetime) -> None:
    """Tell whoever missed a deadline, and the managers of sales; once each, whoever writes it first."""
    if not clocks:
        return
    managers = list(User.objects.managers_of(Side.SALES).order_by("pk"))
    for clock in clocks:
        owing = _owing(clock)
        _breach(clock, owing, is_yours=clock.owner_id is not None, now=now)
        _breach(clock, [person for person in managers if person not in owing], is_yours=False, now=now)


def agreement_changed(*, model: type[Model], mark: int, actor: User, now: datetime) -> None:
    """Tell the managers of both sides what was changed in a table of the rules since ``mark``; who did it knows."""
    last = agreements.last_row(model)
    if last == mark:
        return
    managers = User.objects.active().filter(role=Role.MANAGER).exclude(pk=actor.pk).order_by("pk")

    def context() -> dict[str, Any]:
        return {"changes": agreements.sentences_after(model, mark), "who": actor.full_name}

    key = f"agreement:{model._meta.model_name}:{last}"
    outbox.write_all(to=managers, template="handoff/email/agreement_changed", context=context, key=key, now=now)


def _breach(clock: Clock, people: list[User], *, is_yours: bool, now: datetime) -> None:
    def context() -> dict[str, Any]:
        return _lead(clock.handoff) | {
            "duty": clock.duty,
            "is_yours": is_yours,
            "owner": clock.owner.full_name if clock.owner else "",
            "team": clock.team.name if clock.team else "",
            "due": formats.datetime(clock.due_at),
        }

    template = "handoff/email/breached"
    outbox.write_all(to=people, template=template, context=context, key=f"breached:{clock.pk}", now=now)


def _asked(handoff: Handoff) -> list[User]:
    if handoff.offered_to:
        return [handoff.offered_to]
    return _team(handoff.team_id) or list(User.objects.managers_of(Side.SALES).order_by("pk"))


def _owing(clock: Clock) -> list[User]:
    if clock.owner:
        return [clock.owner] if clock.owner.is_active else []
    return _team(clock.team_id)


def _team(team_id: int | None) -> list[User]:
    if team_id is None:
        return []
    return list(User.objects.active().filter(team=team_id, role=Role.SALES_REP).order_by("pk"))


def _lead(handoff: Handoff) -> dict[str, Any]:
    return {
        "handoff": handoff.pk,
        "name": handoff.lead.display_name,
        "company": handoff.lead.company_name,
        "job_title": handoff.lead.job_title,
        "submitted_by": handoff.submitted_by.full_name,
    }


def _verdict(handoff: Handoff) -> list[str]:
    if handoff.verdict is None:
        return []
    return [line.sentence for line in verdicts.explain(handoff.verdict).lines if line.met]
