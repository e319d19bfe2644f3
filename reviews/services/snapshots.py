"""Freezes the figures of a month: values, formulas, labels and versions, as plain data that nothing recomputes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import translation

from alignment.accounts.models import Organisation
from alignment.kernel.periods import Period
from leads.models import DefinitionVersion
from reviews.kpis.kpi import Figure, Kpi
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis
from reviews.rules.cohorts import last_mature_month
from reviews.rules.runchart import RunChart
from reviews.selectors.figures import figures
from reviews.selectors.weekly import Weekly, weekly

FORMAT = 2


def take_snapshot(*, month: Period, organisation: Organisation, now: datetime) -> dict[str, Any]:
    """All figures of the month and of the one before on both bases, their weeks, formulas and versions (JSON)."""
    zone, before = organisation.zone, month.previous()
    measured = {
        (basis, name): figures(period=period, zone=zone, basis=basis).total
        for basis in Basis
        for name, period in (("now", month), ("before", before))
    }
    today = now.astimezone(zone).date()
    weeks = weekly(until=month.end, today=today, zone=zone)
    mature = min(last_mature_month(today), month, key=lambda one: one.start)
    shown = [kpi for kpi in KPIS if kpi.shown_on(Basis.PERIOD) is Basis.COHORT]
    cohorts = {
        name: figures(period=period, zone=zone, basis=Basis.COHORT, kpis=shown).total
        for name, period in (("now", mature), ("before", mature.previous()))
    }
    return {
        "format": FORMAT,
        "taken_at": now.isoformat(),
        "period": _dates(month),
        "before": _dates(before),
        "time_zone": organisation.time_zone,
        "currency": organisation.currency,
        "fiscal_year_start_month": organisation.fiscal_year_start_month,
        "definitions": _definitions(month, organisation),
        "kpis": [
            _described(kpi)
            | {
                basis.value: {name: _plain(measured[basis, name][kpi.key]) for name in ("now", "before")}
                for basis in Basis
            }
            | _weeks(weeks[kpi.key])
            | (_headline(kpi, mature, cohorts) if kpi in shown else {})
            for kpi in KPIS
        ],
    }


def _described(kpi: Kpi) -> dict[str, Any]:
    return {
        "key": kpi.key,
        "unit": kpi.unit.value,
        "good": kpi.good.value,
        "by_definition": kpi.by_definition,
        "side": str(kpi.side),
        "label": _in_each_language(lambda: str(kpi.label)),
        "is_share": {basis.value: kpi.is_share(basis) for basis in Basis},
        "formula": {basis.value: _in_each_language(partial(kpi.formula_for, basis)) for basis in Basis},
    }


def _weeks(series: Weekly) -> dict[str, Any]:
    return {
        "weeks": [_dates(week.period) | _plain(week.figure) for week in series.weeks],
        "basis": series.basis.value,
        "marks": [{"on": mark.on.isoformat(), "number": mark.number} for mark in series.marks],
        "chart": _lines(series.chart),
    }


def _headline(kpi: Kpi, mature: Period, cohorts: dict[str, dict[str, Figure]]) -> dict[str, Any]:
    """What is only shown by cohort: the latest month whose leads have had their time, and the one before."""
    return {
        "headline": {
            "period": _dates(mature),
            "before_period": _dates(mature.previous()),
            **{name: _plain(measured[kpi.key]) for name, measured in cohorts.items()},
        }
    }


def _lines(chart: RunChart) -> dict[str, Any]:
    return {
        "centre": chart.centre,
        "lower": chart.lower,
        "upper": chart.upper,
        "change": chart.change.value,
        "stretches": [asdict(one) for one in chart.stretches],
        "signals": [[{"rule": one.rule.value, "up": one.up} for one in signals] for signals in chart.signals],
    }


def _plain(figure: Figure) -> dict[str, Any]:
    return asdict(figure)


def _definitions(month: Period, organisation: Organisation) -> list[dict[str, Any]]:
    """The versions that were in force at some time of the month, in order."""
    start, end = month.bounds(organisation.zone)
    versions = (
        DefinitionVersion.objects.filter(in_force_from__lt=end)
        .exclude(in_force_until__lte=start)
        .select_related("definition")
        .order_by("in_force_from", "pk")
    )
    return [
        {
            "name": {"en": version.definition.name_en, "ja": version.definition.name_ja},
            "number": version.number,
            "threshold": version.threshold,
            "in_force_from": version.in_force_from.isoformat() if version.in_force_from else None,
            "in_force_until": version.in_force_until.isoformat() if version.in_force_until else None,
        }
        for version in versions
    ]


def _dates(period: Period) -> dict[str, str]:
    return {"from": period.start.isoformat(), "to": period.end.isoformat()}


def _in_each_language(text: Callable[[], str]) -> dict[str, str]:
    said = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            said[language] = text()
    return said
