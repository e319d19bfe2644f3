"""Tiles and tables of figures as pages show them; every figure carries the link to its list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from alignment.kernel import formats
from reviews.kpis.kpi import Figure, Kpi
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis
from reviews.reports import wording
from reviews.reports.charts import Point
from reviews.rules.cohorts import is_young
from reviews.rules.statistics import SMALL
from reviews.selectors.figures import Group

KEY_FIGURES = (
    "mql",
    "acceptance_rate",
    "hours_to_decide_p50",
    "contacted",
    "deals_won",
    "conversion",
    "won_amount",
    "days_to_win_p50",
)
"""One or two for each step of the loop: what tiles and broad tables show."""

LinkTo = Callable[[Kpi, str | None], str]
"""The address of the rows behind a figure, of one group where a key is given."""


@dataclass(frozen=True)
class Cell:
    """One figure: in words, with what it rests on."""

    name: str
    text: str
    unit: str
    sizes: str
    interval: str
    interval_short: str
    url: str
    is_small: bool
    value: float | int | None
    is_young: bool = False


@dataclass(frozen=True)
class Line:
    """One group with its figures."""

    key: str
    label: str
    cells: list[Cell]
    is_young: bool = False


@dataclass(frozen=True)
class Tile:
    """One figure, large, with its months as a line."""

    kpi: Kpi
    cell: Cell
    formula: str
    trend: list[float | int | None]
    detail_url: str = ""
    note: str = ""


def key_figures() -> list[Kpi]:
    """The few that tiles show."""
    return [KPIS[key] for key in KEY_FIGURES]


def cell(kpi: Kpi, figure: Figure, *, basis: Basis, currency: str, url: str = "", is_young: bool = False) -> Cell:
    """One figure in words."""
    span = wording.interval(figure, is_share=kpi.is_share(basis))
    return Cell(
        name=str(kpi.label),
        text=wording.value_text(figure.value, kpi.unit, currency=currency),
        unit=wording.unit_text(kpi.unit, figure.value),
        sizes=wording.sizes_text(figure, kpi.unit),
        interval=wording.interval_text(figure, is_share=kpi.is_share(basis)),
        interval_short=formats.interval(span.low, span.high) if span else "",
        url=url,
        is_small=wording.rests_on_few(figure),
        value=figure.value,
        is_young=is_young,
    )


def lines(
    groups: Iterable[Group],
    kpis: Sequence[Kpi],
    *,
    basis: Basis,
    currency: str,
    link_to: LinkTo,
    today: date,
    mixed: bool = False,
) -> list[Line]:
    """Groups as lines of a table; on the cohort basis months and years that are still young are marked.

    ``mixed``: each figure stands on the basis on which it is shown where this one is asked for.
    """
    return [
        Line(
            key=group.key,
            label=group.label,
            cells=[
                cell(
                    kpi,
                    group.figures[kpi.key],
                    basis=kpi.shown_on(basis) if mixed else basis,
                    currency=currency,
                    url=link_to(kpi, group.key),
                    is_young=mixed and basis is Basis.PERIOD and _is_young(group, kpi.shown_on(basis), today),
                )
                for kpi in kpis
            ],
            is_young=_is_young(group, basis, today),
        )
        for group in groups
    ]


def points(groups: Iterable[Group], kpi: Kpi, *, basis: Basis, today: date) -> list[Point]:
    """The figures of groups for a chart; hollow where few cases or a young cohort stand behind them."""
    return [
        Point(
            label=group.label,
            value=group.figures[kpi.key].value,
            interval=wording.interval(group.figures[kpi.key], is_share=kpi.is_share(basis)),
            is_open=wording.rests_on_few(group.figures[kpi.key]),
            is_young=_is_young(group, basis, today),
        )
        for group in groups
    ]


def small() -> int:
    """Below so many cases a figure is marked."""
    return SMALL


def _is_young(group: Group, basis: Basis, today: date) -> bool:
    return basis is Basis.COHORT and group.period is not None and is_young(group.period.last, today=today)
