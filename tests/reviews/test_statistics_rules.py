"""Intervals of shares, against values printed in the literature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from reviews.rules.statistics import is_small, wilson

COUNTS = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_there_is_no_interval_of_nothing():
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("successes", "n"), [(3, 2), (-1, 2), (0, -1)])
def test_impossible_counts_are_a_mistake(successes, n):
    with pytest.raises(ValueError):  # noqa: PT011 - the words are ours, the type is enough
        wilson(successes, n)


def test_more_confidence_is_wider():
    sure, usual = wilson(84, 800, confidence=0.99), wilson(84, 800)

    assert sure.low < usual.low < 84 / 800 < usual.high < sure.high


@given(COUNTS)
def test_wilson_holds_the_share_and_stays_between_0_and_1(counts):
    successes, n = counts
    low, high = wilson(successes, n)

    assert -1e-12 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1 + 1e-12


@pytest.mark.parametrize(("n", "small"), [(0, True), (99, True), (100, False)])
def test_a_small_sample_is_below_a_hundred(n, small):
    assert is_small(n) is small


@given(COUNTS)
def test_wilson_is_the_interval_that_scipy_computes(counts: tuple[int, int]) -> None:
    successes, n = counts
    expected = binomtest(successes, n).proportion_ci(method="wilson")

    found = wilson(successes, n)

    assert found is not None
    assert found.low == pytest.approx(expected.low, abs=1e-12)
    assert found.high == pytest.approx(expected.high, abs=1e-12)
