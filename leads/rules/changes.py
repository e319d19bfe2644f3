"""What differs between two versions, criterion by criterion. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leads.rules.conditions import Condition, Test, leaves


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True)
class CriterionText:
    """One criterion of a version, as it is compared and said."""

    kind: str
    condition: Condition
    points: int
    why: str


@dataclass(frozen=True)
class Change:
    """``old`` is None for an added criterion, ``new`` for a removed one."""

    kind: ChangeKind
    old: CriterionText | None
    new: CriterionText | None


def differences(old: Sequence[CriterionText], new: Sequence[CriterionText]) -> list[Change]:
    """Every criterion of both, in the order of ``new``, the removed ones last.

    A criterion is the same one where its condition is the same; what is left over is paired where kind and fields are.
    """
    rest = list(old)
    pairs: dict[int, CriterionText] = {}
    for key in (_by_condition, _by_fields):
        for index, line in enumerate(new):
            if index in pairs:
                continue
            partner = next((other for other in rest if key(other) == key(line)), None)
            if partner is not None:
                rest.remove(partner)
                pairs[index] = partner
    changes = [_change(pairs.get(index), line) for index, line in enumerate(new)]
    return changes + [Change(ChangeKind.REMOVED, line, None) for line in rest]


def _change(old: CriterionText | None, new: CriterionText) -> Change:
    if old is None:
        return Change(ChangeKind.ADDED, None, new)
    return Change(ChangeKind.SAME if old == new else ChangeKind.CHANGED, old, new)


def _by_condition(line: CriterionText) -> object:
    return line.kind, line.condition


def _by_fields(line: CriterionText) -> object:
    facts = sorted(
        leaf.field.key if isinstance(leaf, Test) else f"touches {leaf.kind.key if leaf.kind else ''}"
        for leaf in leaves(line.condition)
    )
    return line.kind, facts
