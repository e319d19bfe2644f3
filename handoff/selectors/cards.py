"""An offer on one card: who, which company, what they did and were promised, why it qualified, why here, time left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alignment.accounts.models import User
from alignment.kernel import formats
from handoff.models import Handoff
from handoff.rules.workflow import Action
from handoff.selectors.sentences import why_here
from handoff.selectors.standing import allowed_actions
from handoff.selectors.time_left import TimeLeft, time_left
from leads.models import Account, Deal, Lead, Touch, Verdict
from leads.rules.fields import Vocabulary
from leads.selectors import deals as deal_selectors
from leads.selectors import verdicts
from leads.selectors.vocabulary import known

TOUCHES_SHOWN = 4


@dataclass(frozen=True)
class Met:
    """One criterion as the list of criteria draws it."""

    met: bool
    text: str
    detail: str
    points: str


@dataclass(frozen=True)
class Card:
    """One offer, ready to be decided from. ``deals``: those that sales has with the lead already, by id and name."""

    handoff: Handoff
    lead: Lead
    company_facts: list[str]
    touches: list[Touch]
    has_more_touches: bool
    criteria: list[Met]
    points: int | None
    threshold: int | None
    why: str
    left: TimeLeft | None
    deals: list[tuple[int, str]]
    actions: list[Action]
    is_mine: bool

    @property
    def can_accept(self) -> bool:
        return Action.ACCEPT in self.actions

    @property
    def can_reject(self) -> bool:
        return Action.REJECT in self.actions

    @property
    def can_withdraw(self) -> bool:
        return Action.WITHDRAW in self.actions


def cards(handoffs: Iterable[Handoff], *, viewer: User, now: datetime) -> list[Card]:
    """Cards in the order given; a fixed number of queries, however many. Give handoffs that came ``with_people``."""
    offers = list(handoffs)
    newest = Touch.objects.select_related("kind").order_by("-at", "-pk")[: TOUCHES_SHOWN + 1]
    prefetch_related_objects(offers, Prefetch("lead__touches", queryset=newest, to_attr="newest_touches"))
    current = Deal.objects.filter(lost_at=None).select_related("account").order_by("pk")
    prefetch_related_objects(offers, Prefetch("lead__deals", queryset=current, to_attr="current_deals"))
    left = time_left(offers, now=now)
    vocabulary = known()
    return [_card(handoff, left.get(handoff.pk), viewer, vocabulary) for handoff in offers]


def criteria(verdict: Verdict | None, *, vocabulary: Vocabulary | None = None) -> list[Met]:
    """The verdict's lines; what would have ruled the lead out and did not is left away.

    ``vocabulary``: see ``explain``.
    """
    if verdict is None:
        return []
    return [
        Met(
            met=line.met and not line.is_disqualifier,
            text=_said(line),
            detail=line.found,
            points="" if line.is_disqualifier else _points(line.points),
        )
        for line in verdicts.explain(verdict, vocabulary=vocabulary).lines
        if line.met or not line.is_disqualifier
    ]


def _said(line: verdicts.Line) -> str:
    return _("Ruled out by: %(sentence)s") % {"sentence": line.sentence} if line.is_disqualifier else line.sentence


def _card(handoff: Handoff, left: TimeLeft | None, viewer: User, vocabulary: Vocabulary) -> Card:
    touches: list[Touch] = handoff.lead.newest_touches  # type: ignore[attr-defined]
    return Card(
        handoff=handoff,
        lead=handoff.lead,
        company_facts=_company_facts(handoff.lead.account),
        touches=touches[:TOUCHES_SHOWN],
        has_more_touches=len(touches) > TOUCHES_SHOWN,
        criteria=criteria(handoff.verdict, vocabulary=vocabulary),
        points=handoff.stamp.get("points"),
        threshold=handoff.stamp.get("threshold"),
        why=why_here(handoff.routing),
        left=left,
        deals=[(deal.pk, deal_selectors.name_of(deal)) for deal in handoff.lead.current_deals],  # type: ignore[attr-defined]
        actions=allowed_actions(handoff, viewer),
        is_mine=handoff.offered_to_id == viewer.pk,
    )


def _company_facts(account: Account | None) -> list[str]:
    if account is None:
        return []
    facts: list[Any] = [account.industry, account.prefecture]
    if account.employee_count:
        count = account.employee_count
        facts.append(ngettext("%(count)s employee", "%(count)s employees", count) % {"count": formats.number(count)})
    return [str(fact) for fact in facts if fact]


def _points(points: int) -> str:
    return f"+{points}" if points > 0 else formats.number(points)
