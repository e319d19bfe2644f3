"""A tick does what it can."""

from __future__ import annotations

from alignment.kernel import sweeps


def test_one_that_fails_stops_no_other_and_is_not_counted():
    done = []

    def act(number: int) -> bool:
        if number == 2:
            raise RuntimeError("broken")
        done.append(number)
        return number != 3

    assert sweeps.each([1, 2, 3, 4], act, what="test") == 2
    assert done == [1, 3, 4]
