"""What the pages that show an offer have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from alignment.accounts.models import Organisation, User
from handoff.models import Handoff, RejectionReason
from handoff.selectors.cards import Card, cards
from handoff.selectors.sentences import follows


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
    """The reasons as a card offers them; the first nine have a key."""
    today = today_of_organisation(now)
    return [
        Answer(
            code=reason.code,
            label=reason.label,
            follows=follows(reason, today=today),
            needs_comment=reason.needs_comment,
            key=str(number) if number <= 9 else "",
        )
        for number, reason in enumerate(reasons, start=1)
    ]


def card_of(handoff: Handoff, *, viewer: User, now: datetime) -> Card:
    """One handoff as a card."""
    return cards([handoff], viewer=viewer, now=now)[0]
