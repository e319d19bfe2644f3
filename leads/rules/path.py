"""The path of a lead (captured, qualified, offered, accepted, contacted, deal) and the place reached on it. Pure.

A lead that goes back to marketing leaves the later steps again: only what happened since its last return counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from alignment.accounts.roles import Side
from leads.rules.stages import Stage


class StepKey(StrEnum):
    CAPTURED = "captured"
    RULED_OUT = "ruled_out"
    QUALIFIED = "qualified"
    NURTURE = "nurture"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    DEAL = "deal"


class StepState(StrEnum):
    DONE = "done"
    CURRENT = "current"
    TODO = "todo"
    SKIPPED = "skipped"


OWNERS: dict[StepKey, Side] = {
    StepKey.CAPTURED: Side.MARKETING,
    StepKey.QUALIFIED: Side.MARKETING,
    StepKey.OFFERED: Side.MARKETING,
    StepKey.ACCEPTED: Side.SALES,
    StepKey.CONTACTED: Side.SALES,
    StepKey.DEAL: Side.SALES,
}
"""The steps of the path, and who has to make each."""
TURNS: dict[Stage, Side | None] = {
    Stage.CAPTURED: Side.MARKETING,
    Stage.QUALIFIED: Side.MARKETING,
    Stage.OFFERED: Side.SALES,
    Stage.WITH_SALES: Side.SALES,
    Stage.NURTURE: None,
    Stage.CUSTOMER: None,
    Stage.CLOSED: None,
    Stage.PAST: None,
}
"""Whose turn it is in each stage; None: nobody's, for a lead in nurture until its date. See ``turn``."""
_BACK = frozenset({Stage.CAPTURED, Stage.QUALIFIED, Stage.NURTURE})


@dataclass(frozen=True)
class Reached:
    """When a lead made each step, None where it did not (or is back before it)."""

    captured: datetime | None = None
    qualified: datetime | None = None
    offered: datetime | None = None
    accepted: datetime | None = None
    contacted: datetime | None = None
    deal: datetime | None = None


@dataclass(frozen=True)
class Step:
    key: StepKey
    state: StepState
    side: Side | None
    at: datetime | None = None


def after_moves(reached: Reached, moves: Iterable[tuple[str, datetime]]) -> Reached:
    """``reached`` with what the moves between stages, oldest first, say of offering and accepting."""
    for stage, at in moves:
        if stage in _BACK:
            reached = replace(reached, offered=None, accepted=None)
        elif stage == Stage.OFFERED:
            reached = replace(reached, offered=at, accepted=None)
        elif stage == Stage.WITH_SALES:
            reached = replace(reached, accepted=at)
    return reached


def rest_of(stage: Stage, *, is_disqualified: bool) -> StepKey | None:
    """Where a lead rests that nobody has to move: in nurture until its date, or ruled out by the definition."""
    if stage is Stage.NURTURE:
        return StepKey.NURTURE
    return StepKey.RULED_OUT if stage is Stage.CAPTURED and is_disqualified else None


def turn(stage: Stage, *, is_disqualified: bool) -> Side | None:
    """Whose turn it is; None: nobody's."""
    return None if rest_of(stage, is_disqualified=is_disqualified) else TURNS[stage]


def steps(reached: Reached, *, is_open: bool, rest: StepKey | None = None) -> list[Step]:
    """Every step with its state: passed over is skipped; the first one ahead is current while the lead is open.

    A lead at ``rest`` stands there, right after the last step it made.
    """
    path = list(OWNERS)
    moments = {key: getattr(reached, key.value) for key in path}
    done = [key for key in path if moments[key] is not None]
    last = path.index(done[-1]) if done else -1
    found = []
    for index, key in enumerate(path):
        state = StepState.TODO
        if moments[key] is not None:
            state = StepState.DONE
        elif index < last:
            state = StepState.SKIPPED
        elif index == last + 1 and is_open and rest is None:
            state = StepState.CURRENT
        found.append(Step(key=key, state=state, side=OWNERS[key], at=moments[key]))
    if rest is not None:
        found.insert(last + 1, Step(key=rest, state=StepState.CURRENT, side=None))
    return found
