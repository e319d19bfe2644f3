"""A review's page from its snapshot alone: nothing here reads a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation

from alignment.kernel.periods import Period
from reviews.kpis.kpi import Figure, Unit
from reviews.kpis.scope import Basis
from reviews.reports import charts, wording
from reviews.reports.pages import WeeksChart
from reviews.rules.cohorts import is_young
from reviews.rules.runchart import Change, Rule, RunChart, Signal, Stretch
from reviews.selectors.weekly import place_of

IN_FOCUS = {
    "marketing": ("leads", "mql", "offered"),
    "sales": ("hours_to_decide_p50", "contacted", "deals_won"),
    "": ("acceptance_rate", "conversion", "won_amount"),
}
"""The figures that get a run chart: what each side does, and what both have together."""


SMALL_HEIGHT = 140


@dataclass(frozen=True)
class FrozenFigure:
    """One figure of the month in words, beside the month before.

    ``month`` and ``month_before`` are those that it is of.
    """

    key: str
    label: str
    side: str
    formula: str
    value: str
    unit: str
    sizes: str
    interval: str
    before: str
    before_unit: str
    before_sizes: str
    change: str
    compared: str
    is_small: bool
    month: Period
    month_before: Period
    basis: Basis
    is_young: bool = False

    @property
    def month_text(self) -> str:
        return self.month.label()

    @property
    def before_text(self) -> str:
        return self.month_before.label()

    @property
    def is_cohort(self) -> bool:
        return self.basis is Basis.COHORT


@dataclass(frozen=True)
class Young:
    """Whether the leads of the month, and of the one before, still had results to come when the figures were frozen."""

    now: bool
    before: bool

    def __bool__(self) -> bool:
        return self.now or self.before


@dataclass(frozen=True)
class FrozenWeek:
    """One point of a run chart in words."""

    label: str
    value: str
    sizes: str
    signals: str


@dataclass(frozen=True)
class FrozenChart:
    """A run chart with its figure and its weeks as a table."""

    figure: FrozenFigure
    chart: WeeksChart
    weeks: list[FrozenWeek]


class Frozen:
    """The snapshot of a review, in the active language."""

    def __init__(self, figures: dict[str, Any]) -> None:
        self._data = figures
        self._kpis = {kpi["key"]: kpi for kpi in figures["kpis"]}
        self.currency: str = figures["currency"]
        self.period = _period(figures["period"])
        self.before = _period(figures["before"])
        self._taken_on = _day_of(figures["taken_at"], figures["time_zone"])
        self.definitions = [
            version | {"label": in_language(version["name"])} for version in figures.get("definitions", [])
        ]

    @property
    def before_text(self) -> str:
        """The month before, as people read it."""
        return self.before.label()

    def table(self, basis: Basis) -> list[FrozenFigure]:
        """Every figure of the month on one basis."""
        return [self._headline(key) if basis is Basis.PERIOD else self._figure(key, basis) for key in self._kpis]

    def young(self, basis: Basis) -> Young:
        """Which of both columns are not mature: on the cohort basis only, as of the moment of the snapshot."""
        if basis is not Basis.COHORT:
            return Young(now=False, before=False)
        now, before = (is_young(period.last, today=self._taken_on) for period in (self.period, self.before))
        return Young(now=now, before=before)

    def charts(self, side: str) -> list[FrozenChart]:
        """The run charts of one side (empty: of both together)."""
        return [self._chart(key) for key in IN_FOCUS[side] if key in self._kpis]

    def _figure(self, key: str, basis: Basis) -> FrozenFigure:
        now, before = (Figure(**self._kpis[key][basis.value][name]) for name in ("now", "before"))
        return self._worded(key, basis, now, before, (self.period, self.before), is_young=bool(self.young(basis)))

    def _headline(self, key: str) -> FrozenFigure:
        """The figure above its chart: of what is only a share by cohort, the latest month that had had its time."""
        kpi = self._kpis[key]
        if not _is_by_cohort(kpi):
            return self._figure(key, Basis.PERIOD)
        if "headline" not in kpi:  # frozen before there was one
            return self._figure(key, Basis.COHORT)
        frozen = kpi["headline"]
        now, before = (Figure(**frozen[name]) for name in ("now", "before"))
        months = (_period(frozen["period"]), _period(frozen["before_period"]))
        return self._worded(key, Basis.COHORT, now, before, months, is_young=False)

    def _worded(
        self,
        key: str,
        basis: Basis,
        now: Figure,
        before: Figure,
        months: tuple[Period, Period],
        *,
        is_young: bool,
    ) -> FrozenFigure:
        kpi = self._kpis[key]
        unit = Unit(kpi["unit"])
        compared = None if is_young else before.value  # as much time as the one has had, the other has not
        return FrozenFigure(
            key=key,
            label=in_language(kpi["label"]),
            side=kpi["side"],
            formula=in_language(kpi["formula"][basis.value]),
            value=wording.value_text(now.value, unit, currency=self.currency),
            unit=wording.unit_text(unit, now.value),
            sizes=wording.sizes_text(now, unit),
            interval=wording.interval_text(now, is_share=kpi["is_share"][basis.value]),
            before=wording.value_text(before.value, unit, currency=self.currency),
            before_unit=wording.unit_text(unit, before.value),
            before_sizes=wording.sizes_text(before, unit),
            change=wording.change_text(now.value, compared, unit, currency=self.currency),
            compared=wording.compared_text(now.value, compared, unit, currency=self.currency),
            is_small=wording.rests_on_few(now),
            month=months[0],
            month_before=months[1],
            basis=basis,
            is_young=is_young,
        )

    def _chart(self, key: str) -> FrozenChart:
        kpi = self._kpis[key]
        unit, figure = Unit(kpi["unit"]), self._headline(key)
        weeks = [(_period(week), Figure(**_sizes(week))) for week in kpi["weeks"]]
        marks = [(mark["number"], date.fromisoformat(mark["on"])) for mark in kpi.get("marks", [])]
        places = [place_of(on, [week for week, _figure in weeks]) or 0 for _number, on in marks]
        words = [(place, wording.mark_text(number)) for place, (number, _on) in zip(places, marks, strict=True)]
        chart = _run_chart(kpi)
        mean = wording.mean_text(chart, unit, currency=self.currency)
        return FrozenChart(
            figure=figure,
            chart=WeeksChart(
                id=f"chart-{key}",
                spec=charts.run_chart(
                    [wording.week_mark(week) for week, _figure in weeks],
                    chart,
                    scale=charts.scale_of(
                        chart.values, unit, unit_text=wording.unit_text(unit), currency=self.currency
                    ),
                    side=kpi["side"],
                    mean=mean,
                    height=SMALL_HEIGHT,
                    marks=words,
                ),
                caption=wording.verdict_sentence(
                    figure.label, chart, unit, currency=self.currency, weeks=chart.latest, marks=marks
                ),
                trend_name=wording.trend_name(chart.latest),
                trend=wording.direction_text(chart),
                judged=wording.judged_text(chart.change),
                since=wording.since_text(*marks[-1]) if marks and kpi.get("by_definition") else "",
                basis=Basis(kpi.get("basis", Basis.PERIOD)),
            ),
            weeks=[
                FrozenWeek(
                    label=week.label(),
                    value=wording.value_text(of.value, unit, currency=self.currency),
                    sizes=wording.sizes_text(of, unit),
                    signals=wording.remarks(signals, [text for at, text in words if at == place]),
                )
                for place, ((week, of), signals) in enumerate(zip(weeks, chart.signals, strict=True))
            ],
        )


def in_language(texts: dict[str, str]) -> str:
    """The text in the active language, else in English."""
    language = (translation.get_language() or "en")[:2]
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def _run_chart(kpi: dict[str, Any]) -> RunChart:
    lines = kpi["chart"]
    return RunChart(
        values=tuple(week["value"] for week in kpi["weeks"]),
        centre=lines["centre"],
        lower=lines["lower"],
        upper=lines["upper"],
        signals=tuple(tuple(Signal(Rule(one["rule"]), up=one["up"]) for one in found) for found in lines["signals"]),
        change=Change(lines["change"]),
        stretches=tuple(Stretch(**one) for one in lines.get("stretches", [])),
    )


def _is_by_cohort(kpi: dict[str, Any]) -> bool:
    """Whether it is a share by cohort only: the other way its parts are not of the same leads."""
    return bool(kpi["unit"] == Unit.RATE and not kpi["is_share"][Basis.PERIOD.value])


def _day_of(moment: str, time_zone: str) -> date:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(time_zone)).date()


def _period(dates: dict[str, str]) -> Period:
    return Period(date.fromisoformat(dates["from"]), date.fromisoformat(dates["to"]))


def _sizes(week: dict[str, Any]) -> dict[str, Any]:
    return {name: week[name] for name in ("value", "numerator", "denominator")}
