"""How sure a share is: intervals for counts. Pure."""

from __future__ import annotations

from math import sqrt
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
