"""How sure a share, or the difference of two shares, is: intervals for counts. Pure."""

from __future__ import annotations

from math import hypot, sqrt
from statistics import NormalDist
from typing import NamedTuple

SMALL = 100  # below it a difference is shown, not judged


class Interval(NamedTuple):
    """Lower and upper end, as fractions."""

    low: float
    high: float


def is_small(n: int) -> bool:
    """Whether ``n`` cases are too few to conclude from: a share of one half is then unsure by 10 points or more."""
    return n < SMALL


def wilson(successes: int, n: int, *, confidence: float = 0.95) -> Interval | None:
    """Wilson's score interval of ``successes`` out of ``n``, without continuity correction; None of nothing.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212.
    Written out because importing scipy for these four lines costs every process 1.8 s; the tests compare it with scipy.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    if not n:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, weight = successes / n, z * z / n
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * sqrt(share * (1 - share) / n + weight / (4 * n))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def newcombe(
    successes: int, n: int, before_successes: int, before_n: int, *, confidence: float = 0.95
) -> Interval | None:
    """The interval of the difference ``successes / n`` minus ``before_successes / before_n``; None of nothing.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17 (1998), 873-890, method 10: Wilson's intervals of both, put together.
    """
    now, before = wilson(successes, n, confidence=confidence), wilson(before_successes, before_n, confidence=confidence)
    if now is None or before is None:
        return None
    share, earlier = successes / n, before_successes / before_n
    return Interval(
        share - earlier - hypot(share - now.low, before.high - earlier),
        share - earlier + hypot(now.high - share, earlier - before.low),
    )
