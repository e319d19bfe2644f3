"""Handoffs for pages and programs: the inbox, the list, one handoff with its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.accounts.models import User
from alignment.accounts.policies import SALES_MANAGER, Permission
from alignment.kernel.errors import NotFound
from handoff.models import Handoff
from handoff.querysets import HandoffQuerySet
from handoff.selectors.cards import Card, cards
from handoff.selectors.standing import allowed_actions, standing

__all__ = [
    "Group",
    "Inbox",
    "allowed_actions",
    "decided_today",
    "get_handoff",
    "inbox",
    "listing",
    "standing",
    "waiting_by_urgency",
    "waiting_count",
    "waiting_for",
]

MOST_CARDS = 50
LABELS = {
    "overdue": gettext_lazy("Overdue"),
    "today": gettext_lazy("Due today"),
    "later": gettext_lazy("Later"),
}


@dataclass(frozen=True)
class Group:
    """Cards of one urgency."""

    key: str
    cards: list[Card]

    @property
    def label(self) -> str:
        return str(LABELS[self.key])


@dataclass(frozen=True)
class Inbox:
    """What waits for this person's decision, most urgent first, and what was decided today.

    ``empty``: the groups without a card.
    """

    groups: list[Group]
    empty: list[str]
    waiting: int
    decided: list[Handoff]

    @property
    def shown(self) -> int:
        return sum(len(group.cards) for group in self.groups)


def listing() -> HandoffQuerySet:
    """Every handoff with the people in it, newest offer first. Everybody sees all of them."""
    return Handoff.objects.with_people().order_by("-offered_at", "-pk")


def last_of(lead_ids: Collection[int]) -> dict[int, Handoff]:
    """The last handoff of each of these leads that has one, by lead id (one query)."""
    if not lead_ids:
        return {}
    found = Handoff.objects.with_people().filter(lead__in=lead_ids).order_by("lead", "-attempt").distinct("lead")
    return {handoff.lead_id: handoff for handoff in found}


def get_handoff(handoff_id: int) -> Handoff:
    """One handoff with the people in it, or ``NotFound``."""
    handoff = Handoff.objects.with_people().filter(pk=handoff_id).first()
    if handoff is None:
        raise NotFound(_("There is no such handoff."))
    return handoff


def waiting_for(user: User) -> HandoffQuerySet:
    """Offers that this person may decide, most urgent first; none for somebody who decides nothing."""
    if not user.may(Permission.DECIDE_HANDOFF):
        return Handoff.objects.none()
    return Handoff.objects.waiting().for_decision_by(user).most_urgent_first()


def waiting_count(user: User) -> int:
    """How many offers wait for this person: the number beside the inbox."""
    return waiting_for(user).count()


def inbox(user: User, now: datetime) -> Inbox:
    """The inbox of a sales rep or a manager of sales."""
    waiting = waiting_count(user)
    shown = cards(waiting_for(user).with_people()[:MOST_CARDS], viewer=user, now=now)
    groups: dict[str, list[Card]] = {key: [] for key in LABELS}
    for card in shown:
        groups[_urgency(card.handoff.decide_by, user, now)].append(card)
    return Inbox(
        groups=[Group(key, found) for key, found in groups.items() if found],
        empty=[key for key, found in groups.items() if not found],
        waiting=waiting,
        decided=decided_today(user, now),
    )


def waiting_by_urgency(user: User, now: datetime) -> dict[str, int]:
    """How many of the offers that the inbox shows stand in each group."""
    shown = waiting_for(user).values_list("decide_by", flat=True)[:MOST_CARDS]
    found = Counter(_urgency(decide_by, user, now) for decide_by in shown)
    return {key: found[key] for key in LABELS}


def decided_today(user: User, now: datetime) -> list[Handoff]:
    """What this person decided since midnight, newest first; for a manager of sales, what anybody did."""
    midnight = now.astimezone(ZoneInfo(user.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    decided = Handoff.objects.decided().filter(decided_at__gte=midnight, decided_at__lte=now)
    if (user.role, user.side) != SALES_MANAGER:
        decided = decided.filter(decided_by=user)
    return list(decided.with_people().order_by("-decided_at", "-pk")[:MOST_CARDS])


def _urgency(decide_by: datetime | None, user: User, now: datetime) -> str:
    if decide_by is None:
        return "later"
    if decide_by < now:
        return "overdue"
    zone = ZoneInfo(user.time_zone)
    return "today" if decide_by.astimezone(zone).date() <= now.astimezone(zone).date() else "later"
