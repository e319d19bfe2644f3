"""The state machine of a handoff: one table, from which buttons, API, documentation and tests come. Pure.

Who may decide an offer: the person it was offered to; any member of the team while nobody is named; anybody of sales
while no team is named either; the manager of sales always.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.accounts.policies import SALES_MANAGER, Permission
from alignment.accounts.roles import Side
from alignment.kernel.errors import DomainError, NotAllowed


class Status(TextChoices):
    OFFERED = "offered", gettext_lazy("offered")
    ACCEPTED = "accepted", gettext_lazy("accepted")
    REJECTED = "rejected", gettext_lazy("rejected")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")


class Action(TextChoices):
    SUBMIT = "submit", gettext_lazy("hand over")
    ACCEPT = "accept", gettext_lazy("accept")
    REJECT = "reject", gettext_lazy("reject")
    WITHDRAW = "withdraw", gettext_lazy("withdraw")


@dataclass(frozen=True)
class Transition:
    """``sources`` -> ``target`` by somebody who holds ``permission``; ``party``: must also be a party to the offer."""

    sources: frozenset[Status]
    target: Status
    permission: Permission
    side: Side
    party: bool = False


TRANSITIONS: dict[Action, Transition] = {
    Action.ACCEPT: Transition(
        frozenset({Status.OFFERED}), Status.ACCEPTED, Permission.DECIDE_HANDOFF, Side.SALES, party=True
    ),
    Action.REJECT: Transition(
        frozenset({Status.OFFERED}), Status.REJECTED, Permission.DECIDE_HANDOFF, Side.SALES, party=True
    ),
    Action.WITHDRAW: Transition(frozenset({Status.OFFERED}), Status.WITHDRAWN, Permission.SUBMIT_LEAD, Side.MARKETING),
}
OPEN_STATUSES = frozenset({Status.OFFERED})


class AlreadyDecided(DomainError):
    """Somebody was faster; the message names who and when."""

    code = "already_decided"
    http_status = 409


@dataclass(frozen=True)
class Standing:
    """What the table needs to know of an actor towards one handoff."""

    permissions: frozenset[Permission]
    is_party: bool


def is_party(
    *, role: str, side: str, user_id: int, user_team: int | None, offered_to: int | None, offer_team: int | None
) -> bool:
    """True where this person may decide an offer that was made to this person, this team, or to all of sales."""
    if (role, side) == SALES_MANAGER or offered_to == user_id:
        return True
    return offered_to is None and side == Side.SALES and offer_team in (None, user_team)


def allowed_actions(*, status: Status, standing: Standing) -> list[Action]:
    """The actions open to this actor now, in the order of their buttons."""
    return [
        action
        for action, transition in TRANSITIONS.items()
        if status in transition.sources and _may(transition, standing)
    ]


def check(action: Action, *, status: Status, standing: Standing, told: str = "") -> Transition:
    """The transition, where the actor may make it now. Raises ``NotAllowed`` or ``AlreadyDecided``.

    ``told``: the sentence that says who was faster and when, for somebody who comes too late.
    """
    transition = TRANSITIONS[action]
    if not _may(transition, standing):
        raise NotAllowed(_("This is not yours to decide."))
    if status not in transition.sources:
        raise AlreadyDecided(told or _("This handoff is already %(status)s.") % {"status": status.label})
    return transition


def _may(transition: Transition, standing: Standing) -> bool:
    return transition.permission in standing.permissions and (standing.is_party or not transition.party)
