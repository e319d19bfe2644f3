"""The figures that both sides share, and the records behind each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from alignment.kernel.htmx import wants_partial
from reviews.forms.queries import read_part, write_query
from reviews.kpis.kpi import Kpi, Part
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import GroupBy, Scope
from reviews.reports import tables
from reviews.reports.pages import conversion_by_source, figure_over_time, weeks_chart
from reviews.selectors.figures import Group, group_label, groups, over_time, time_step, totals
from reviews.selectors.rows import as_row, rows_behind
from reviews.selectors.weekly import weekly
from reviews.views.choices import Asked, Choice, asked

PAGE = 50


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The few figures that matter, by month and by source, and then all of them."""
    ask = asked(request)
    context = _overview(ask) | {"ask": ask, "has_errors": ask.status != 200}
    template = "reviews/kpis/_figures.html" if wants_partial(request) else "reviews/kpis/overview.html"
    return render(request, template, context, status=ask.status)


@require_GET
def detail(request: HttpRequest, key: str) -> HttpResponse:
    """One figure: week by week with limits, by month, by source."""
    kpi, ask = KPIS[key], asked(request)
    basis, currency = ask.scope.basis, ask.currency
    series = weekly(until=ask.today, zone=ask.scope.zone, kpis=[kpi])[kpi.key]
    step, in_time = time_step(ask.scope.period), over_time(scope=ask.scope, today=ask.today, kpis=[kpi])
    by_source = groups(scope=replace(ask.scope, group_by=GroupBy.SOURCE), kpis=[kpi])
    style: dict[str, Any] = {"basis": basis, "currency": currency, "today": ask.today}
    context = {
        "ask": ask,
        "kpi": kpi,
        "formula": kpi.formula_for(basis),
        "has_intervals": kpi.is_share(basis),
        "cell": tables.cell(
            kpi,
            totals(scope=ask.scope, kpis=[kpi])[kpi.key],
            basis=basis,
            currency=currency,
            url=_rows_url(kpi, ask.scope),
        ),
        "weeks": weeks_chart(
            kpi, series, currency=currency, link_to=lambda week: _rows_url(kpi, week), zone=ask.scope.zone
        ),
        "tables": [
            (step, tables.lines(in_time, [kpi], link_to=_link_in_time(ask.scope, in_time), **style)),
            (GroupBy.SOURCE, tables.lines(by_source, [kpi], link_to=_link(ask.scope, GroupBy.SOURCE), **style)),
        ],
        "small": tables.small(),
        "has_errors": ask.status != 200,
    }
    return render(request, "reviews/kpis/detail.html", context, status=ask.status)


@require_GET
def rows(request: HttpRequest, key: str) -> HttpResponse:
    """The records behind one figure: as many as it says."""
    kpi, ask = KPIS[key], asked(request)
    part = read_part(request.GET.dict()) or next(iter(kpi.parts))
    records = rows_behind(kpi=kpi, scope=ask.scope, part=part)
    page = Paginator(records, PAGE).get_page(request.GET.get("page"))
    found = totals(scope=ask.scope, kpis=[kpi])[kpi.key]
    context = {
        "ask": ask,
        "kpi": kpi,
        "part": part,
        "parts": _parts(kpi, ask.scope, part),
        "cell": tables.cell(kpi, found, basis=ask.scope.basis, currency=ask.currency),
        "figure_count": found.numerator if part is Part.NUMERATOR else found.denominator,
        "group_by": ask.scope.group_by if ask.scope.group is not None else "",
        "group": _group_text(ask.scope),
        "is_grouped": ask.scope.group is None or kpi.knows(ask.scope.group_by),
        "all_url": "?" + write_query(replace(ask.scope, group_by=GroupBy.NONE, group=None), part=part),
        "page": page,
        "rows": [as_row(record) for record in page],
        "has_errors": ask.status != 200,
    }
    template = "reviews/kpis/_rows.html" if wants_partial(request) else "reviews/kpis/rows.html"
    return render(request, template, context, status=ask.status)


def _overview(ask: Asked) -> dict[str, Any]:
    scope, basis, currency = ask.scope, ask.scope.basis, ask.currency
    key_figures = tables.key_figures()
    total = totals(scope=scope)
    is_by_year = time_step(scope.period) is GroupBy.YEAR
    in_time = over_time(scope=scope, today=ask.today, kpis=key_figures)
    by_source = groups(scope=replace(scope, group_by=GroupBy.SOURCE), kpis=key_figures)
    style: dict[str, Any] = {"basis": basis, "currency": currency, "today": ask.today}
    every = [
        tables.Tile(
            kpi=kpi,
            cell=tables.cell(kpi, total[kpi.key], basis=basis, currency=currency, url=_rows_url(kpi, scope)),
            formula=kpi.formula_for(basis),
            trend=[one.figures[kpi.key].value for one in in_time] if kpi in key_figures else [],
            detail_url=f"{reverse('reviews:kpi', args=[kpi.key])}?{write_query(scope)}",
        )
        for kpi in KPIS
    ]
    time_lines = tables.lines(in_time, key_figures, link_to=_link_in_time(scope, in_time), **style)
    return {
        "tiles": [tile for tile in every if tile.kpi in key_figures],
        "every": every,
        "key_figures": key_figures,
        "times": time_lines,
        "is_by_year": is_by_year,
        "has_young": any(line.is_young for line in time_lines),
        "sources": tables.lines(by_source, key_figures, link_to=_link(scope, GroupBy.SOURCE), **style),
        "charts": [
            figure_over_time(KPIS["mql"], in_time, by_year=is_by_year, **style),
            figure_over_time(KPIS["conversion"], in_time, by_year=is_by_year, **style),
        ],
        "source_chart": conversion_by_source(by_source, total["conversion"], **style),
        "small": tables.small(),
    }


def _rows_url(kpi: Kpi, scope: Scope, group: str | None = None) -> str:
    return f"{reverse('reviews:kpi-rows', args=[kpi.key])}?{write_query(scope, group=group)}"


def _link(scope: Scope, group_by: GroupBy) -> tables.LinkTo:
    grouped = replace(scope, group_by=group_by)
    return lambda kpi, group: _rows_url(kpi, grouped, group)


def _link_in_time(scope: Scope, in_time: Sequence[Group]) -> tables.LinkTo:
    """A month is a group of the period's rows, a year a period of its own."""
    if time_step(scope.period) is GroupBy.MONTH:
        return _link(scope, GroupBy.MONTH)
    years = {group.key: replace(scope, period=group.period) for group in in_time if group.period}
    return lambda kpi, key: _rows_url(kpi, years[key or ""])


def _parts(kpi: Kpi, scope: Scope, chosen: Part) -> list[Choice]:
    if len(kpi.parts) == 1:
        return []
    return [Choice(str(part.label), "?" + write_query(scope, part=part), part is chosen) for part in kpi.parts]


def _group_text(scope: Scope) -> str:
    return "" if scope.group is None else group_label(key=scope.group, group_by=scope.group_by)
