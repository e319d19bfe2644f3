"""Whose turn it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from handoff.rules.routing import Candidate, RoutingReason, choose


def test_the_one_whose_turn_is_the_longest_ago_is_next():
    choice = choose([Candidate(1, 5), Candidate(2, 3), Candidate(3, 4)])

    assert (choice.user_id, choice.reason) == (2, RoutingReason.NEXT_TURN)


def test_even_turns_go_by_id():
    assert choose([Candidate(9, 0), Candidate(4, 0)]).user_id == 4


def test_somebody_away_is_passed_over():
    choice = choose([Candidate(1, 0, is_available=False), Candidate(2, 7)])

    assert (choice.user_id, choice.available, choice.members) == (2, 1, 2)


def test_with_nobody_there_nobody_is_chosen():
    choice = choose([Candidate(1, 0, is_available=False)])

    assert (choice.user_id, choice.reason) == (None, RoutingReason.NOBODY_AVAILABLE)


def test_an_empty_team_chooses_nobody():
    assert choose([]).reason == RoutingReason.NOBODY_AVAILABLE


@given(people=st.integers(1, 8), offers=st.integers(1, 60))
def test_shares_differ_by_one_at_most(people, offers):
    turns = dict.fromkeys(range(people), 0)
    got = dict.fromkeys(range(people), 0)

    for number in range(1, offers + 1):
        chosen = choose(Candidate(pk, turn) for pk, turn in turns.items()).user_id
        turns[chosen] = number
        got[chosen] += 1

    assert max(got.values()) - min(got.values()) <= 1
