"""The run chart (XmR): does a series of figures show a change, or only its ordinary spread? Pure arithmetic.

Centre and limits: D. J. Wheeler, "Understanding Variation" (1993): mean ± 2.66 × mean moving range, where 2.66 is
3 / 1.128 and 1.128 the expected range of two values in standard deviations. Signals: NHS England, "Making Data Count".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from math import isclose
from statistics import fmean

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

MIN_POINTS = 10
RUN = 7  # so many points on one side, rising or falling
FACTOR = 2.66


class Good(TextChoices):
    """Which way is better for a figure."""

    UP = "up", pgettext_lazy("a figure should go", "up")
    DOWN = "down", pgettext_lazy("a figure should go", "down")
    NONE = "none", pgettext_lazy("a figure should go", "neither up nor down")


class Rule(TextChoices):
    """Why a point is a signal, the strongest first."""

    OUTSIDE = "outside", _("outside the limits")
    TREND = "trend", _("seven points rising or falling in a row")
    NEAR_LIMIT = "near_limit", _("two of three points near a limit")
    ONE_SIDE = "one_side", _("seven points on one side of the mean in a row")


class Change(TextChoices):
    """The one word about a chart."""

    BETTER = "better", _("better")
    WORSE = "worse", _("worse")
    CHANGED = "changed", _("changed")
    NO_CHANGE = "no_change", _("no change")
    TOO_FEW = "too_few", _("too few points")


@dataclass(frozen=True)
class Signal:
    """One rule that a point takes part in, and whether it speaks for higher values (``up``) or lower ones."""

    rule: Rule
    up: bool


@dataclass(frozen=True)
class Stretch:
    """The lines of the values from ``start`` up to ``end`` (exclusive): between two named events."""

    start: int
    end: int
    centre: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class RunChart:
    """The lines and signals of a series, in its own unit; ``signals`` has one tuple per value given.

    With too few points there are no lines and no signals. ``centre``, ``lower``, ``upper`` and ``change`` are those of
    the last of its ``stretches``.
    """

    values: tuple[float | None, ...]
    centre: float | None
    lower: float | None
    upper: float | None
    signals: tuple[tuple[Signal, ...], ...]
    change: Change
    stretches: tuple[Stretch, ...] = ()

    @property
    def latest(self) -> int:
        """How many values its verdict is about: those since the last named event."""
        return self.stretches[-1].end - self.stretches[-1].start if self.stretches else len(self.values)

    @property
    def strongest(self) -> Signal | None:
        """What its verdict rests on: the strongest signal of the latest point, where it has one."""
        known = [found for value, found in zip(self.values, self.signals, strict=True) if value is not None]
        return known[-1][0] if known and known[-1] else None


def run_chart(
    values: Sequence[float | Decimal | None],
    *,
    good: Good = Good.NONE,
    lowest: float | None = None,
    highest: float | None = None,
    events: Iterable[int] = (),
) -> RunChart:
    """Chart a series in order of time.

    A None has no value to judge: it is left out of lines and rules, so that its neighbours follow one another, and
    it does not count towards the ten points that are needed. ``lowest`` and ``highest`` are the values that the
    figure can take at all (0 and 1 for a share): a limit is drawn no further out.
    The word is about now: it rests on the strongest signal of the latest point, as in Making Data Count.
    ``events``: where something named began that makes values before and after no longer one series; lines and rules
    start anew there.
    """
    edges = sorted({0, *(event for event in events if 0 < event < len(values)), len(values)})
    parts = [
        _stretch(values[start:end], good=good, lowest=lowest, highest=highest) for start, end in pairwise(edges)
    ] or [_stretch(values, good=good, lowest=lowest, highest=highest)]
    return RunChart(
        values=tuple(value for part in parts for value in part.values),
        centre=parts[-1].centre,
        lower=parts[-1].lower,
        upper=parts[-1].upper,
        signals=tuple(found for part in parts for found in part.signals),
        change=parts[-1].change,
        stretches=tuple(
            Stretch(start, end, part.centre, part.lower, part.upper)
            for (start, end), part in zip(pairwise(edges), parts, strict=False)
        ),
    )


def _stretch(
    values: Sequence[float | Decimal | None], *, good: Good, lowest: float | None, highest: float | None
) -> RunChart:
    series = tuple(None if value is None else float(value) for value in values)
    places = [index for index, value in enumerate(series) if value is not None]
    points = [value for value in series if value is not None]
    if len(points) < MIN_POINTS:
        return RunChart(series, None, None, None, ((),) * len(series), Change.TOO_FEW)
    centre = fmean(points)
    reach = FACTOR * fmean(abs(after - before) for before, after in pairwise(points))
    found = dict(zip(places, _signals(points, centre, reach), strict=True))
    return RunChart(
        values=series,
        centre=centre,
        lower=centre - reach if lowest is None else max(lowest, centre - reach),
        upper=centre + reach if highest is None else min(highest, centre + reach),
        signals=tuple(found.get(index, ()) for index in range(len(series))),
        change=_change(found[places[-1]], good),
    )


def _change(latest: tuple[Signal, ...], good: Good) -> Change:
    if not latest:
        return Change.NO_CHANGE
    if good == Good.NONE:
        return Change.CHANGED
    return Change.BETTER if latest[0].up == (good == Good.UP) else Change.WORSE


def _signals(points: list[float], centre: float, reach: float) -> list[tuple[Signal, ...]]:
    """The signals of each point, in the order of ``Rule``."""
    sides = [_sign(centre, point) for point in points]
    steps = [_sign(before, after) for before, after in pairwise(points)]
    outside = [
        side != 0 and _sign(centre + side * reach, point) == side for side, point in zip(sides, points, strict=True)
    ]
    marks = [(index, Rule.OUTSIDE, sides[index]) for index, is_outside in enumerate(outside) if is_outside]
    for start, end, step in _runs(steps, RUN - 1):
        marks += [(index, Rule.TREND, step) for index in range(start, end + 1)]
    outer = [
        side != 0 and not is_outside and _sign(centre + side * reach * 2 / 3, point) == side
        for side, is_outside, point in zip(sides, outside, points, strict=True)
    ]
    marks += [(index, Rule.NEAR_LIMIT, sides[index]) for index in _two_of_three(outer, sides)]
    for start, end, side in _runs(sides, RUN):
        marks += [(index, Rule.ONE_SIDE, side) for index in range(start, end)]
    return [tuple(Signal(rule, up=sign > 0) for at, rule, sign in marks if at == index) for index in range(len(points))]


def _two_of_three(outer: list[bool], sides: list[int]) -> list[int]:
    """The points in the outer third of their side that share three consecutive points of that side with another."""
    found: set[int] = set()
    for start in range(len(outer) - 2):
        window = range(start, start + 3)
        if abs(sum(sides[index] for index in window)) == 3 and sum(outer[index] for index in window) >= 2:
            found.update(index for index in window if outer[index])
    return sorted(found)


def _runs(signs: list[int], length: int) -> Iterator[tuple[int, int, int]]:
    """Stretches [start, end) of one sign, other than zero, that are at least ``length`` long."""
    for sign, stretch in groupby(range(len(signs)), key=signs.__getitem__):
        places = list(stretch)
        if sign and len(places) >= length:
            yield places[0], places[-1] + 1, sign


def _sign(line: float, value: float) -> int:
    """1 above the line, -1 below it, 0 on it as far as floating-point numbers can tell."""
    if isclose(line, value, rel_tol=1e-9, abs_tol=1e-12):
        return 0
    return 1 if value > line else -1
