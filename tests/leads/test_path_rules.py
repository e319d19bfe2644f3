"""The path of a lead: what was reached, what was passed over, what comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leads.rules.path import OWNERS, TURNS, Reached, StepKey, StepState, after_moves, rest_of, steps, turn
from leads.rules.stages import Stage
from leads.rules.work import Worker, may_work_on

T = [datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=day) for day in range(6)]


def states(reached: Reached, *, is_open: bool = True) -> str:
    """One letter per step: d(one), c(urrent), t(odo), s(kipped)."""
    return "".join(step.state.value[0] for step in steps(reached, is_open=is_open))


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        (Reached(), "cttttt"),
        (Reached(captured=T[0]), "dctttt"),
        (Reached(captured=T[0], qualified=T[1]), "ddcttt"),
        (Reached(captured=T[0], qualified=T[1], offered=T[2], accepted=T[3]), "ddddct"),
        (Reached(captured=T[0], deal=T[5]), "dssssd"),
        (Reached(*T), "dddddd"),
    ],
)
def test_the_first_step_ahead_is_current(reached: Reached, expected: str):
    assert states(reached) == expected


def test_nothing_is_current_once_it_is_nobodys_turn():
    assert states(Reached(captured=T[0]), is_open=False) == "dttttt"
    assert StepState.CURRENT not in {step.state for step in steps(Reached(), is_open=False)}


@pytest.mark.parametrize(
    ("moves", "offered", "accepted"),
    [
        ([], None, None),
        ([("offered", T[1])], T[1], None),
        ([("offered", T[1]), ("with_sales", T[2])], T[1], T[2]),
        ([("offered", T[1]), ("nurture", T[2])], None, None),
        ([("offered", T[1]), ("qualified", T[2])], None, None),
        ([("offered", T[1]), ("nurture", T[2]), ("captured", T[3]), ("offered", T[4])], T[4], None),
        ([("offered", T[1]), ("with_sales", T[2]), ("customer", T[3])], T[1], T[2]),
    ],
)
def test_a_lead_that_goes_back_leaves_the_later_steps(moves: list, offered: object, accepted: object):
    reached = after_moves(Reached(), moves)

    assert (reached.offered, reached.accepted) == (offered, accepted)


def test_every_stage_and_every_step_has_its_side():
    assert set(TURNS) == set(Stage)
    assert set(StepKey) - set(OWNERS) == {StepKey.RULED_OUT, StepKey.NURTURE}


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("is_disqualified", [True, False])
def test_only_in_nurture_and_ruled_out_a_lead_rests(stage: Stage, is_disqualified: bool):
    rests = stage is Stage.NURTURE or (stage is Stage.CAPTURED and is_disqualified)

    assert (rest_of(stage, is_disqualified=is_disqualified) is not None) is rests
    assert turn(stage, is_disqualified=is_disqualified) == (None if rests else TURNS[stage])


def test_a_lead_rests_after_the_last_step_it_made():
    found = steps(Reached(captured=T[0], qualified=T[1]), is_open=True, rest=StepKey.NURTURE)

    assert [step.key.value for step in found[:4]] == ["captured", "qualified", "nurture", "offered"]
    assert [step.state.value[0] for step in found] == list("ddctttt")
    assert found[2].side is None


@pytest.mark.parametrize(
    ("owner", "actor", "may"),
    [
        (None, Worker(1, 1), True),
        (Worker(1, 1), Worker(1, 1), True),
        (Worker(1, 1), Worker(2, 1), True),
        (Worker(1, 1), Worker(2, 2), False),
        (Worker(1, None), Worker(2, None), False),
        (Worker(1, 1), Worker(2, 2, is_manager=True), True),
        (Worker(1, 1, is_active=False), Worker(2, 2), True),
    ],
)
def test_the_owner_the_team_and_the_manager_work_on_it(owner: Worker | None, actor: Worker, may: bool):
    assert may_work_on(owner=owner, actor=actor) is may
