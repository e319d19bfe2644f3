"""The life of a version as a table: the whole of it, refusals included."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest

from alignment.accounts.policies import GRANTS, Permission
from alignment.kernel.errors import NotAllowed
from leads.rules.changes import ChangeKind, CriterionText, differences
from leads.rules.conditions import parse
from leads.rules.versions import (
    SIGN_PERMISSIONS,
    TRANSITIONS,
    VersionAction,
    VersionNotOpen,
    VersionStatus,
    allowed_actions,
    check,
    check_system,
    gaps,
)
from tests.touch_words import VOCABULARY

A, S = VersionAction, VersionStatus
OPEN_TO: dict[VersionAction, set[VersionStatus]] = {
    A.SAVE: {S.DRAFT, S.PROPOSED},
    A.PROPOSE: {S.DRAFT},
    A.SIGN: {S.PROPOSED},
    A.SEND_BACK: {S.PROPOSED},
    A.WITHDRAW: {S.DRAFT, S.PROPOSED, S.SIGNED},
    A.ACTIVATE: {S.SIGNED},
    A.SUPERSEDE: {S.IN_FORCE},
}
BY_PEOPLE = [action for action in A if action not in (A.ACTIVATE, A.SUPERSEDE)]
EVERYTHING = frozenset(Permission)


def held_by(actor: tuple[str, str]) -> frozenset[Permission]:
    return frozenset(permission for permission, actors in GRANTS.items() if actor in actors)


@pytest.mark.parametrize(("action", "status"), list(product(BY_PEOPLE, S)))
def test_each_action_is_open_in_its_statuses_and_in_no_other(action: VersionAction, status: VersionStatus):
    if status in OPEN_TO[action]:
        assert check(action, status=status, permissions=EVERYTHING).target == TRANSITIONS[action].target
    else:
        with pytest.raises(VersionNotOpen):
            check(action, status=status, permissions=EVERYTHING)


@pytest.mark.parametrize(("action", "status"), list(product((A.ACTIVATE, A.SUPERSEDE), S)))
def test_what_the_system_does_is_open_to_no_person(action: VersionAction, status: VersionStatus):
    with pytest.raises(NotAllowed):
        check(action, status=status, permissions=EVERYTHING)
    if status in OPEN_TO[action]:
        assert check_system(action, status=status)
    else:
        with pytest.raises(VersionNotOpen):
            check_system(action, status=status)


@pytest.mark.parametrize(
    ("actor", "may_edit", "may_sign"),
    [
        (("marketer", "marketing"), False, False),
        (("sales_rep", "sales"), False, False),
        (("manager", "marketing"), True, True),
        (("manager", "sales"), True, True),
        (("admin", ""), True, False),
        (("admin", "marketing"), True, False),
        (("admin", "sales"), True, False),
    ],
)
def test_managers_and_admins_edit_and_only_managers_sign(actor: tuple[str, str], may_edit: bool, may_sign: bool):
    actions = allowed_actions(status=S.PROPOSED, permissions=held_by(actor))

    assert (A.SAVE in actions, A.SIGN in actions) == (may_edit, may_sign)


def test_no_role_signs_for_both_sides():
    for actor in {actor for actors in GRANTS.values() for actor in actors}:
        assert len(held_by(actor) & set(SIGN_PERMISSIONS.values())) <= 1


@dataclass
class Line:
    points: int
    why: str = "it matters"


def test_a_version_that_no_lead_could_reach_has_a_gap():
    found = gaps(threshold=25, criteria=[Line(10), Line(10), Line(-5)])

    assert [gap.field for gap in found] == ["threshold"]


@pytest.mark.parametrize(
    ("threshold", "criteria", "fields"),
    [
        (20, [Line(10), Line(10)], []),
        (0, [Line(10)], ["threshold"]),
        (10, [], ["criteria"]),
        (10, [Line(0), Line(-10)], ["criteria"]),
        (10, [Line(10), Line(5, why="  ")], ["criteria[1].why"]),
        (0, [], ["criteria", "threshold"]),
    ],
)
def test_gaps_name_what_must_be_mended(threshold: int, criteria: list[Line], fields: list[str]):
    assert [gap.field for gap in gaps(threshold=threshold, criteria=criteria)] == fields


def text(field: str, value: str, points: int = 10, why: str = "") -> CriterionText:
    return CriterionText("points", parse({"field": field, "op": "is", "value": value}, VOCABULARY), points, why)


def test_a_difference_is_found_by_condition_then_by_fields():
    same, dearer = text("source", "web"), text("industry", "steel")
    old = [same, dearer, text("prefecture", "Tokyo"), text("job_title", "CEO")]
    new = [text("prefecture", "Osaka"), same, text("industry", "steel", points=20), text("company", "Acme")]

    changes = differences(old, new)

    assert [change.kind for change in changes] == [
        ChangeKind.CHANGED,
        ChangeKind.SAME,
        ChangeKind.CHANGED,
        ChangeKind.ADDED,
        ChangeKind.REMOVED,
    ]
    assert changes[0].old == old[2]
    assert changes[2].old == dearer
    assert changes[4].old == old[3]


def test_a_criterion_that_appears_twice_is_paired_once():
    line = text("source", "web")

    changes = differences([line], [line, line])

    assert [change.kind for change in changes] == [ChangeKind.SAME, ChangeKind.ADDED]
