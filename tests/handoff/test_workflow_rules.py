"""The table of transitions, whole: every action in every status by everybody, refusals included."""

from __future__ import annotations

from itertools import product

import pytest

from alignment.accounts.policies import GRANTS, Permission
from alignment.kernel.errors import NotAllowed
from handoff.rules import workflow
from handoff.rules.workflow import TRANSITIONS, Action, AlreadyDecided, Standing, Status

ROLES = {
    "marketer": ("marketer", "marketing"),
    "sales_rep": ("sales_rep", "sales"),
    "marketing_manager": ("manager", "marketing"),
    "sales_manager": ("manager", "sales"),
    "admin": ("admin", ""),
}
MARKETING = {"marketer", "marketing_manager", "admin"}
SALES = {"sales_rep", "sales_manager"}


def standing(role: str, *, is_party: bool) -> Standing:
    held = frozenset(permission for permission in Permission if ROLES[role] in GRANTS[permission])
    return Standing(permissions=held, is_party=is_party)


def expected(status: str, role: str, is_party: bool) -> list[Action]:
    if status != "offered":
        return []
    if role in SALES:
        return [Action.ACCEPT, Action.REJECT] if is_party else []
    return [Action.WITHDRAW] if role in MARKETING else []


@pytest.mark.parametrize(("status", "role", "is_party"), list(product(Status.values, ROLES, (True, False))))
def test_everybody_gets_exactly_the_actions_of_the_table(status, role, is_party):
    actions = workflow.allowed_actions(status=Status(status), standing=standing(role, is_party=is_party))

    assert actions == expected(status, role, is_party)


@pytest.mark.parametrize(
    ("action", "status", "role", "is_party"), list(product(TRANSITIONS, Status, ROLES, (True, False)))
)
def test_the_check_and_the_buttons_agree(action, status, role, is_party):
    actor = standing(role, is_party=is_party)

    if action in workflow.allowed_actions(status=status, standing=actor):
        assert workflow.check(action, status=status, standing=actor).target != status
    else:
        with pytest.raises((NotAllowed, AlreadyDecided)):
            workflow.check(action, status=status, standing=actor)


def test_who_may_not_decide_learns_that_before_anything_else():
    outsider = standing("sales_rep", is_party=False)

    with pytest.raises(NotAllowed):
        workflow.check(Action.ACCEPT, status=Status.ACCEPTED, standing=outsider)


def test_who_comes_too_late_is_told_who_was_faster():
    rep = standing("sales_rep", is_party=True)

    with pytest.raises(AlreadyDecided, match="Ren accepted this at 10:02"):
        workflow.check(Action.ACCEPT, status=Status.ACCEPTED, standing=rep, told="Ren accepted this at 10:02.")


def test_no_transition_leaves_a_decided_status():
    assert all(transition.sources == {Status.OFFERED} for transition in TRANSITIONS.values())


PARTIES = [
    # who, offered to, team of the offer, may decide
    (("sales_rep", "sales", 1, 7), 1, 7, True),
    (("sales_rep", "sales", 1, 7), 1, 8, True),
    (("sales_rep", "sales", 1, 7), 2, 7, False),
    (("sales_rep", "sales", 1, 7), None, 7, True),
    (("sales_rep", "sales", 1, 7), None, 8, False),
    (("sales_rep", "sales", 1, 7), None, None, True),
    (("sales_rep", "sales", 1, None), None, 8, False),
    (("sales_rep", "sales", 1, None), None, None, True),
    (("manager", "sales", 1, None), 2, 7, True),
    (("manager", "sales", 1, None), None, None, True),
    (("manager", "marketing", 1, 7), 2, 7, False),
    (("manager", "marketing", 1, 7), None, 7, False),
    (("marketer", "marketing", 1, 7), None, None, False),
    (("admin", "", 1, None), None, None, False),
]


@pytest.mark.parametrize(("person", "offered_to", "offer_team", "may"), PARTIES)
def test_a_party_is_the_person_asked_the_team_asked_or_the_manager_of_sales(person, offered_to, offer_team, may):
    role, side, user_id, user_team = person

    assert may == workflow.is_party(
        role=role,
        side=side,
        user_id=user_id,
        user_team=user_team,
        offered_to=offered_to,
        offer_team=offer_team,
    )
