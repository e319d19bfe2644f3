"""What the pages that show an offer have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, repeat

from alignment.accounts.models import Organisation, User
from handoff.models import Handoff, RejectionReason
from handoff.selectors.cards import Card, cards
from handoff.selectors.sentences import follows

KEYS = "abcdefghi"
"""Letters, so that none of them is a key of the card itself; j, k and o mean something in every list."""


@dataclass(frozen=True)
class Answer:
    """A reason that may be chosen on a card, and what happens next. ``key`` presses it."""

    code: str
    label: str
    follows: str
    needs_comment: bool
    key: str


def today_of_organisation(now: datetime) -> date:
    """The day on which "in 90 days" is counted from."""
    return now.astimezone(Organisation.get().zone).date()


def answers(reasons: Iterable[RejectionReason], now: datetime) -> list[Answer]:
    """The reasons as a card offers them; the first nine have a letter."""
    known = list(reasons)
    next_steps = follows(known, today=today_of_organisation(now))
    return [
        Answer(
            code=reason.code,
            label=reason.label,
            follows=next_steps[reason.code],
            needs_comment=reason.needs_comment,
            key=key,
        )
        for reason, key in zip(known, chain(KEYS, repeat("")), strict=False)
    ]


def card_of(handoff: Handoff, *, viewer: User, now: datetime) -> Card:
    """One handoff as a card."""
    return cards([handoff], viewer=viewer, now=now)[0]
