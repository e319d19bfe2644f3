"""Figures week by week, for run charts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from alignment.kernel.periods import Period
from leads.models import DefinitionVersion
from reviews.kpis.kpi import Figure, Kpi
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis, GroupBy
from reviews.rules.cohorts import MATURE_AFTER
from reviews.rules.runchart import RunChart, run_chart
from reviews.selectors.figures import figures

WEEKS = 24


@dataclass(frozen=True)
class Week:
    """A figure of one week."""

    period: Period
    figure: Figure


@dataclass(frozen=True)
class Mark:
    """A version of the definition that took effect: the event from which limits are reckoned anew."""

    on: date
    number: int


@dataclass(frozen=True)
class Weekly:
    """A figure week by week, oldest first, what its run chart says, and what took effect in these weeks."""

    weeks: list[Week]
    chart: RunChart
    basis: Basis = Basis.PERIOD
    marks: list[Mark] = field(default_factory=list)


def weekly(
    *, until: date, today: date, zone: ZoneInfo, kpis: Iterable[Kpi] = KPIS, weeks: int = WEEKS
) -> dict[str, Weekly]:
    """The last whole weeks that ended by ``until`` (exclusive), by KPI.

    A figure starts with the week of its first record ever: weeks before that are not weeks without success. What is
    only shown by cohort ends with the last week whose leads have had their time, seen from ``today``.
    """
    kpis = list(kpis)
    firsts, series = _first_days(kpis, zone), {}
    for basis in Basis:
        shown = [kpi for kpi in kpis if kpi.shown_on(Basis.PERIOD) is basis]
        if not shown:
            continue
        last = until if basis is Basis.PERIOD else min(until, today - MATURE_AFTER + timedelta(days=1))
        end = Period.week_of(last).start
        span = Period(end - timedelta(weeks=weeks), end)
        found = {
            group.key: group.figures
            for group in figures(period=span, zone=zone, basis=basis, group_by=GroupBy.WEEK, kpis=shown).groups
        }
        marks = _marks(span, zone)
        for kpi in shown:
            first = firsts[kpi.key]
            points = [
                Week(period=week, figure=found.get(week.start.isoformat(), {}).get(kpi.key) or kpi.measure({}))
                for week in span.weeks()
                if first is not None and week.end > first
            ]
            series[kpi.key] = _series(kpi, points, basis, marks)
    return series


def place_of(mark: date, weeks: Iterable[Period]) -> int | None:
    """Which of the weeks this day lies in."""
    return next((index for index, week in enumerate(weeks) if week.contains(mark)), None)


def _series(kpi: Kpi, points: list[Week], basis: Basis, marks: list[Mark]) -> Weekly:
    lowest, highest = kpi.span
    periods = [point.period for point in points]
    places = {mark: place for mark in marks if (place := place_of(mark.on, periods)) is not None}
    chart = run_chart(
        [point.figure.value for point in points],
        good=kpi.good,
        lowest=lowest,
        highest=highest,
        events=places.values(),
    )
    return Weekly(weeks=points, chart=chart, basis=basis, marks=list(places))


def _marks(span: Period, zone: ZoneInfo) -> list[Mark]:
    """The versions that took effect in these days, in order."""
    start, end = span.bounds(zone)
    versions = DefinitionVersion.objects.filter(in_force_from__gte=start, in_force_from__lt=end)
    found = versions.order_by("in_force_from", "pk").values_list("in_force_from", "number")
    return [Mark(on=at.astimezone(zone).date(), number=number) for at, number in found if at is not None]


def _first_days(kpis: list[Kpi], zone: ZoneInfo) -> dict[str, date | None]:

    sets = {rows.name: rows for kpi in kpis for rows in kpi.parts.values()}
    moments = {name: rows.first_moment() for name, rows in sets.items()}
    first: dict[str, date | None] = {}
    for kpi in kpis:
        known = [at for rows in kpi.parts.values() if (at := moments[rows.name]) is not None]
        first[kpi.key] = min(known).astimezone(zone).date() if known else None
    return first
