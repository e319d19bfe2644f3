"""Charts with their sentences, ready for a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from reviews.kpis.kpi import Figure, Kpi
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis, Scope
from reviews.reports import charts, tables, wording
from reviews.selectors.figures import Group
from reviews.selectors.weekly import Weekly, place_of


@dataclass(frozen=True)
class Chart:
    """A picture, the sentence it shows, and the same as a table (name and figure)."""

    id: str
    spec: charts.Spec
    caption: str
    rows: Sequence[tuple[str, tables.Cell]] = ()


@dataclass(frozen=True)
class WeeksChart(Chart):
    """A run chart with the same as a table: week, figure, what its rules say about it.

    ``trend`` and ``judged``: what it says of its latest weeks; ``since``: the version from which it is another figure.
    """

    lines: Sequence[tuple[str, tables.Cell, str]] = ()
    trend_name: str = ""
    trend: str = ""
    judged: str = ""
    since: str = ""
    basis: Basis = Basis.PERIOD


def figure_over_time(
    kpi: Kpi, over_time: Sequence[Group], *, basis: Basis, currency: str, today: date, by_year: bool = False
) -> Chart:
    """Counts as columns, shares as dots with their interval; what is not mature is no part of the sentence."""
    basis = kpi.shown_on(basis)
    points = tables.points(over_time, kpi, basis=basis, today=today)
    scale = charts.scale_of(
        [point.value for point in points], kpi.unit, unit_text=wording.unit_text(kpi.unit), currency=currency
    )
    values = [(point.label, None if point.is_young else point.value) for point in points]
    return Chart(
        id=f"chart-{kpi.key}-month",
        spec=charts.dots_over_time(points, scale=scale)
        if kpi.is_rate
        else charts.bars(points, scale=scale, side=str(kpi.side)),
        caption=wording.times_sentence(
            str(kpi.label),
            values,
            kpi.unit,
            currency=currency,
            by_year=by_year,
            left_out=any(point.is_young for point in points),
        ),
        rows=_rows(over_time, kpi, basis=basis, currency=currency),
    )


def conversion_by_source(
    by_source: Sequence[Group], total: Figure, *, basis: Basis, currency: str, today: date
) -> Chart:
    """Each source's conversion with its interval, the highest first."""
    kpi = KPIS["conversion"]
    basis = kpi.shown_on(basis)
    points = [one for one in tables.points(by_source, kpi, basis=basis, today=today) if one.value is not None]
    points.sort(key=lambda one: -(one.value or 0))
    figures = [(group.label, group.figures[kpi.key]) for group in by_source]
    return Chart(
        id="chart-conversion-source",
        spec=charts.dots_by_name(
            points,
            scale=charts.scale_of([one.value for one in points], kpi.unit, unit_text="", currency=currency),
            overall=total.value,
            overall_text=_("all: %(value)s") % {"value": wording.value_text(total.value, kpi.unit, currency=currency)},
        ),
        caption=wording.sources_sentence(str(kpi.label), figures, kpi.unit, currency=currency),
        rows=_rows(by_source, kpi, basis=basis, currency=currency),
    )


def weeks_chart(
    kpi: Kpi, series: Weekly, *, currency: str, zone: ZoneInfo, link_to: Callable[[Scope], str]
) -> WeeksChart:
    """A figure week by week with the limits of its ordinary spread."""
    chart = series.chart
    texts = [week.period.label() for week in series.weeks]
    places = [(place_of(mark.on, [week.period for week in series.weeks]) or 0, mark) for mark in series.marks]
    words = [(place, wording.mark_text(mark.number)) for place, mark in places]
    last = series.marks[-1] if series.marks and kpi.by_definition else None
    return WeeksChart(
        id=f"chart-{kpi.key}-weeks",
        spec=charts.run_chart(
            [wording.week_mark(week.period) for week in series.weeks],
            chart,
            scale=charts.scale_of(chart.values, kpi.unit, unit_text=wording.unit_text(kpi.unit), currency=currency),
            side=str(kpi.side),
            mean=wording.mean_text(chart, kpi.unit, currency=currency),
            marks=words,
        ),
        caption=wording.verdict_sentence(
            str(kpi.label),
            chart,
            kpi.unit,
            currency=currency,
            weeks=chart.latest,
            marks=[(mark.number, mark.on) for mark in series.marks],
        ),
        trend_name=wording.trend_name(chart.latest),
        trend=wording.direction_text(chart),
        judged=wording.judged_text(chart.change),
        since=wording.since_text(last.number, last.on) if last else "",
        basis=series.basis,
        lines=[
            (
                text,
                tables.cell(
                    kpi,
                    week.figure,
                    basis=series.basis,
                    currency=currency,
                    url=link_to(Scope(period=week.period, zone=zone, basis=series.basis)),
                ),
                wording.remarks(signals, [text for at, text in words if at == place]),
            )
            for place, (text, week, signals) in enumerate(zip(texts, series.weeks, chart.signals, strict=True))
        ],
    )


def _rows(groups: Sequence[Group], kpi: Kpi, *, basis: Basis, currency: str) -> list[tuple[str, tables.Cell]]:
    return [(group.label, tables.cell(kpi, group.figures[kpi.key], basis=basis, currency=currency)) for group in groups]
