"""Whose turn is it? Chooses one of the people who are available, and says why. Pure.

Turns are numbers that only grow: whoever had the oldest one is next. So shares come out exact, somebody new gets one
turn and not a whole backlog, and somebody who was away does not have to catch up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RoutingReason(TextChoices):
    """Why an offer went where it went."""

    NEXT_TURN = "next_turn", _("it was this person's turn")
    NOBODY_AVAILABLE = "nobody_available", _("nobody of the team was available")
    NO_RULE = "no_rule", _("no routing rule fits")


@dataclass(frozen=True)
class Candidate:
    """A member of the team. ``last_turn`` is 0 for somebody who never had one."""

    user_id: int
    last_turn: int
    is_available: bool = True


@dataclass(frozen=True)
class Choice:
    """Who is asked (None: the whole team), and what the choice was made from."""

    user_id: int | None
    reason: RoutingReason
    available: int
    members: int


def choose(candidates: Iterable[Candidate]) -> Choice:
    """The available candidate whose last turn is the longest ago; the lower id where two are even."""
    everybody = list(candidates)
    available = sorted(
        (person for person in everybody if person.is_available),
        key=lambda person: (person.last_turn, person.user_id),
    )
    return Choice(
        user_id=available[0].user_id if available else None,
        reason=RoutingReason.NEXT_TURN if available else RoutingReason.NOBODY_AVAILABLE,
        available=len(available),
        members=len(everybody),
    )
