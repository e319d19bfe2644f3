"""The life of a definition version: one table, from which services, buttons and tests come. Pure.

    draft --propose--> proposed --sign (second side)--> signed --activate--> in force --supersede--> superseded
      ^                    |
      +--save, send back---+        withdraw: from draft, proposed or signed

A first signature leaves the version proposed. Saving or sending back voids the signatures that are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.accounts.policies import Permission
from alignment.accounts.roles import Side
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed
from leads.rules.conditions import Condition, Test, leaves


class VersionStatus(TextChoices):
    DRAFT = "draft", gettext_lazy("draft")
    PROPOSED = "proposed", gettext_lazy("proposed")
    SIGNED = "signed", gettext_lazy("signed, not yet in force")
    IN_FORCE = "in_force", gettext_lazy("in force")
    SUPERSEDED = "superseded", gettext_lazy("superseded")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")


class VersionAction(TextChoices):
    SAVE = "save", gettext_lazy("save the draft")
    PROPOSE = "propose", gettext_lazy("propose")
    SIGN = "sign", gettext_lazy("sign")
    SEND_BACK = "send_back", gettext_lazy("send back")
    WITHDRAW = "withdraw", gettext_lazy("withdraw")
    ACTIVATE = "activate", gettext_lazy("put in force")
    SUPERSEDE = "supersede", gettext_lazy("supersede")


@dataclass(frozen=True)
class Transition:
    """``sources`` -> ``target`` by somebody who holds one of ``permissions``; none: the system itself."""

    sources: frozenset[VersionStatus]
    target: VersionStatus
    permissions: frozenset[Permission]


SIGN_PERMISSIONS: dict[Side, Permission] = {
    Side.MARKETING: Permission.SIGN_FOR_MARKETING,
    Side.SALES: Permission.SIGN_FOR_SALES,
}
_DRAFT = frozenset({VersionStatus.DRAFT})
_PROPOSED = frozenset({VersionStatus.PROPOSED})
_EDITORS = frozenset({Permission.EDIT_DEFINITION})
_NOBODY: frozenset[Permission] = frozenset()

TRANSITIONS: dict[VersionAction, Transition] = {
    VersionAction.SAVE: Transition(_DRAFT | _PROPOSED, VersionStatus.DRAFT, _EDITORS),
    VersionAction.PROPOSE: Transition(_DRAFT, VersionStatus.PROPOSED, _EDITORS),
    # The target of the second signature; after the first the version stays proposed.
    VersionAction.SIGN: Transition(_PROPOSED, VersionStatus.SIGNED, frozenset(SIGN_PERMISSIONS.values())),
    VersionAction.SEND_BACK: Transition(_PROPOSED, VersionStatus.DRAFT, _EDITORS),
    VersionAction.WITHDRAW: Transition(_DRAFT | _PROPOSED | {VersionStatus.SIGNED}, VersionStatus.WITHDRAWN, _EDITORS),
    VersionAction.ACTIVATE: Transition(frozenset({VersionStatus.SIGNED}), VersionStatus.IN_FORCE, _NOBODY),
    VersionAction.SUPERSEDE: Transition(frozenset({VersionStatus.IN_FORCE}), VersionStatus.SUPERSEDED, _NOBODY),
}
OPEN_STATUSES = frozenset({VersionStatus.DRAFT, VersionStatus.PROPOSED, VersionStatus.SIGNED})
"""Statuses in which a version is on its way; one definition has at most one such version."""


class ScoredLine(Protocol):
    """What the check of a draft needs to know of a criterion."""

    @property
    def points(self) -> int: ...

    @property
    def why(self) -> str: ...


class VersionNotOpen(DomainError):
    """The version is past the point at which this can be done to it."""

    code = "version_not_open"
    http_status = 409


def check(action: VersionAction, *, status: VersionStatus, permissions: frozenset[Permission]) -> Transition:
    """The transition, where ``permissions`` allow it now; raises ``NotAllowed`` or ``VersionNotOpen``."""
    transition = TRANSITIONS[action]
    if not transition.permissions & permissions:
        raise NotAllowed(_("Your role does not allow this."))
    _check_status(action, transition, status)
    return transition


def check_system(action: VersionAction, *, status: VersionStatus) -> Transition:
    """The transition, where the system may make it by itself now."""
    transition = TRANSITIONS[action]
    _check_status(action, transition, status)
    return transition


def allowed_actions(*, status: VersionStatus, permissions: frozenset[Permission]) -> list[VersionAction]:
    """The actions open to somebody with ``permissions``, in the order of their buttons."""
    return [
        action
        for action, transition in TRANSITIONS.items()
        if status in transition.sources and transition.permissions & permissions
    ]


def _check_status(action: VersionAction, transition: Transition, status: VersionStatus) -> None:
    if status not in transition.sources:
        words = {"status": status.label, "action": action.label}
        raise VersionNotOpen(_("This version is %(status)s: “%(action)s” is not possible any more.") % words)


def gaps(*, threshold: int, criteria: Sequence[ScoredLine]) -> list[InvalidInput]:
    """What must still be mended before the version can be proposed, in the order of the page; empty: nothing."""
    found = []
    best = sum(line.points for line in criteria if line.points > 0)
    if best == 0:
        found.append(InvalidInput(_("Add at least one criterion that gives points."), field="criteria"))
    if threshold < 1:
        found.append(InvalidInput(_("Say how many points are needed: 1 or more."), field="threshold"))
    elif best and threshold > best:
        message = _("No lead can reach %(threshold)d points: all criteria together give %(best)d.")
        found.append(InvalidInput(message % {"threshold": threshold, "best": best}, field="threshold"))
    for index, line in enumerate(criteria):
        if not line.why.strip():
            message = _("Say why criterion %(number)d is part of the definition.") % {"number": index + 1}
            found.append(InvalidInput(message, field=f"criteria[{index}].why"))
    return found


def retired(conditions: Sequence[Condition]) -> list[InvalidInput]:
    """The same for the fields that admins made: nothing is agreed anew by one that is retired, nobody fills it in."""
    found = []
    for index, condition in enumerate(conditions):
        for leaf in leaves(condition):
            if isinstance(leaf, Test) and not leaf.field.offered:
                message = _("Criterion %(number)d looks at “%(field)s”, a field that is retired.")
                words = {"number": index + 1, "field": leaf.field.label}
                found.append(InvalidInput(message % words, field=f"criteria[{index}].condition"))
    return found
