"""Figures week by week, for run charts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from alignment.kernel.periods import Period
from reviews.kpis.kpi import Figure, Kpi
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis, GroupBy
from reviews.rules.runchart import RunChart, run_chart
from reviews.selectors.figures import figures

WEEKS = 24


@dataclass(frozen=True)
class Week:
    """A figure of one week, by period."""

    period: Period
    figure: Figure


@dataclass(frozen=True)
class Weekly:
    """A figure week by week, oldest first, and what its run chart says."""

    weeks: list[Week]
    chart: RunChart


def weekly(*, until: date, zone: ZoneInfo, kpis: Iterable[Kpi] = KPIS, weeks: int = WEEKS) -> dict[str, Weekly]:
    """The last whole weeks that ended by ``until`` (exclusive), by KPI.

    A figure starts with the week of its first record ever: weeks before that are not weeks without success.
    """
    kpis = list(kpis)
    end = Period.week_of(until).start
    span = Period(end - timedelta(weeks=weeks), end)
    found = {
        group.key: group.figures
        for group in figures(period=span, zone=zone, basis=Basis.PERIOD, group_by=GroupBy.WEEK, kpis=kpis).groups
    }
    firsts = _first_days(kpis, zone)
    series = {}
    for kpi in kpis:
        first = firsts[kpi.key]
        points = [
            Week(period=week, figure=found.get(week.start.isoformat(), {}).get(kpi.key) or kpi.measure({}))
            for week in span.weeks()
            if first is not None and week.end > first
        ]
        series[kpi.key] = Weekly(weeks=points, chart=charted(kpi, [point.figure.value for point in points]))
    return series


def charted(kpi: Kpi, values: list[float | int | None]) -> RunChart:
    """The run chart of a figure's values, in its own unit and direction."""
    lowest, highest = kpi.span
    return run_chart(values, good=kpi.good, lowest=lowest, highest=highest)


def _first_days(kpis: list[Kpi], zone: ZoneInfo) -> dict[str, date | None]:
    sets = {rows.name: rows for kpi in kpis for rows in kpi.parts.values()}
    moments = {name: rows.first_moment() for name, rows in sets.items()}
    first: dict[str, date | None] = {}
    for kpi in kpis:
        known = [at for rows in kpi.parts.values() if (at := moments[rows.name]) is not None]
        first[kpi.key] = min(known).astimezone(zone).date() if known else None
    return first
