"""The figures that both sides share, and the records behind each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer
from alignment.kernel.errors import InvalidInput
from alignment.kernel.htmx import wants_partial
from reviews.forms.queries import read_part, write_query
from reviews.kpis.kpi import Figure, Kpi, Part
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis, GroupBy, Scope
from reviews.reports import tables
from reviews.reports.pages import conversion_by_source, figure_over_time, weeks_chart
from reviews.selectors import exports
from reviews.selectors.figures import Group, beside, group_label, groups, over_time, time_step, totals
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
    series = weekly(until=ask.today, today=ask.today, zone=ask.scope.zone, kpis=[kpi])[kpi.key]
    step, in_time = time_step(ask.scope.period), over_time(scope=ask.scope, today=ask.today, kpis=[kpi])
    counted = ask.scope_of(kpi) if basis is Basis.COHORT else ask.scope
    by_source = groups(scope=replace(counted, group_by=GroupBy.SOURCE), kpis=[kpi])
    style: dict[str, Any] = {"basis": basis, "currency": currency, "today": ask.today}
    context = {
        "ask": ask,
        "kpi": kpi,
        "formula": kpi.formula_for(basis),
        "has_intervals": kpi.is_share(basis),
        "cell": tables.cell(
            kpi,
            totals(scope=counted, kpis=[kpi])[kpi.key],
            basis=basis,
            currency=currency,
            url=_rows_url(kpi, counted),
        ),
        "weeks": weeks_chart(
            kpi, series, currency=currency, link_to=lambda week: _rows_url(kpi, week), zone=ask.scope.zone
        ),
        "tables": [
            (step, tables.lines(in_time, [kpi], link_to=_link_in_time(ask.scope, in_time, same=True), **style)),
            (GroupBy.SOURCE, tables.lines(by_source, [kpi], link_to=_link(counted, GroupBy.SOURCE), **style)),
        ],
        "young_note": ask.young_text(basis),
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


@require_GET
def export(request: PersonRequest, key: str, kind: str) -> HttpResponseBase:
    """The same records in the same order as a file."""
    kpi, ask = KPIS[key], asked(request)
    if ask.status != 200:  # the page shows the default and says so, which a file could not
        raise InvalidInput(ask.refusal or _("Choose other dates, or the other basis."))
    part = read_part(request.GET.dict()) or next(iter(kpi.parts))
    found = rows_behind(kpi=kpi, scope=ask.scope, part=part)
    columns = exports.record_columns(found, measured_in=kpi.unit)
    return answer(request, kind, exports.RECORDS, found=found, columns=columns)


def _overview(ask: Asked) -> dict[str, Any]:
    key_figures, step = tables.key_figures(), time_step(ask.scope.period)
    total = _totals(ask, list(KPIS))
    style: dict[str, Any] = {"basis": ask.scope.basis, "currency": ask.currency, "today": ask.today}
    in_time = _in_time(ask, key_figures)
    every = [
        tables.Tile(
            kpi=kpi,
            cell=tables.cell(
                kpi,
                total[kpi.key],
                basis=kpi.shown_on(ask.scope.basis),
                currency=ask.currency,
                url=_rows_url(kpi, ask.scope_of(kpi)),
            ),
            formula=kpi.formula_for(kpi.shown_on(ask.scope.basis)),
            trend=[one.figures[kpi.key].value for one in in_time] if kpi in key_figures else [],
            detail_url=_detail_url(kpi, ask.scope),
            note=_basis_note(kpi, ask),
        )
        for kpi in KPIS
    ]
    return {
        "tiles": [tile for tile in every if tile.kpi in key_figures],
        "every": every,
        "key_figures": key_figures,
        "young_note": ask.young_text(ask.scope.basis),
        "groupings": ask.groupings(step),
        "grouping": ask.grouping,
        "is_by_year": step is GroupBy.YEAR,
        "small": tables.small(),
    } | (
        _by_time(ask, in_time, key_figures, style)
        if ask.grouping is GroupBy.MONTH
        else _by_group(ask, key_figures, total, style)
    )


def _by_time(ask: Asked, in_time: list[Group], key_figures: list[Kpi], style: dict[str, Any]) -> dict[str, Any]:
    lines = tables.lines(in_time, key_figures, link_to=_link_in_time(ask.scope, in_time), mixed=True, **style)
    is_by_year = time_step(ask.scope.period) is GroupBy.YEAR
    shown = [figure_over_time(KPIS[key], in_time, by_year=is_by_year, **style) for key in ("mql", "conversion")]
    has_young = any(line.is_young or any(cell.is_young for cell in line.cells) for line in lines)
    return {"lines": lines, "has_young": has_young, "charts": shown}


def _by_group(ask: Asked, key_figures: list[Kpi], total: dict[str, Figure], style: dict[str, Any]) -> dict[str, Any]:
    found = _groups(ask, key_figures)
    lines = tables.lines(found, key_figures, link_to=_link_of(ask), mixed=True, **style)
    if ask.grouping is not GroupBy.SOURCE:
        return {"lines": lines}
    return {"lines": lines, "source_chart": conversion_by_source(found, total["conversion"], **style)}


def _totals(ask: Asked, kpis: list[Kpi]) -> dict[str, Figure]:
    """Each figure on the basis on which it is shown."""
    found: dict[str, Figure] = {}
    for scope, same in _by_scope(ask, kpis):
        found |= totals(scope=scope, kpis=same)
    return found


def _groups(ask: Asked, kpis: list[Kpi]) -> list[Group]:
    found: list[Group] = []
    for scope, same in _by_scope(ask, kpis):
        more = groups(scope=replace(scope, group_by=ask.grouping), kpis=same)
        found = beside(found, more, kpis=kpis, group_by=ask.grouping) if found else more
    return beside(found, [], kpis=kpis, group_by=ask.grouping)


def _in_time(ask: Asked, kpis: list[Kpi]) -> list[Group]:
    """Every month of the period, also those that are still young."""
    found: list[Group] = []
    for scope, same in _by_scope(ask, kpis):
        whole = replace(scope, period=ask.scope.period)
        more = over_time(scope=whole, today=ask.today, kpis=same)
        found = [
            replace(one, figures=one.figures | other.figures) for one, other in zip(found or more, more, strict=True)
        ]
    return found


def _by_scope(ask: Asked, kpis: list[Kpi]) -> list[tuple[Scope, list[Kpi]]]:
    """The figures that stand on the same rows, the larger lot first."""
    found: dict[Scope, list[Kpi]] = {}
    for kpi in kpis:
        found.setdefault(replace(ask.scope_of(kpi), group_by=GroupBy.NONE, group=None), []).append(kpi)
    return sorted(found.items(), key=lambda lot: -len(lot[1]))


def _basis_note(kpi: Kpi, ask: Asked) -> str:
    """Where a figure is shown on another basis than the page: which, and up to when."""
    basis = kpi.shown_on(ask.scope.basis)
    if basis is ask.scope.basis:
        return ""
    young = ask.young_text(basis)
    return _("%(basis)s, %(young)s") % {"basis": basis.label, "young": young} if young else str(basis.label)


def _detail_url(kpi: Kpi, scope: Scope) -> str:
    query = write_query(replace(scope, basis=kpi.shown_on(scope.basis), group_by=GroupBy.NONE, group=None))
    return f"{reverse('reviews:kpi', args=[kpi.key])}?{query}"


def _rows_url(kpi: Kpi, scope: Scope, group: str | None = None) -> str:
    return f"{reverse('reviews:kpi-rows', args=[kpi.key])}?{write_query(scope, group=group)}"


def _link(scope: Scope, group_by: GroupBy) -> tables.LinkTo:
    grouped = replace(scope, group_by=group_by)
    return lambda kpi, group: _rows_url(kpi, grouped, group)


def _link_of(ask: Asked) -> tables.LinkTo:
    return lambda kpi, group: _rows_url(kpi, replace(ask.scope_of(kpi), group_by=ask.grouping, group=None), group)


def _link_in_time(scope: Scope, in_time: Sequence[Group], *, same: bool = False) -> tables.LinkTo:
    """A month is a group of the period's rows, a year a period of its own; ``same``: on the basis asked for."""
    step, periods = time_step(scope.period), {group.key: group.period for group in in_time if group.period}

    def link(kpi: Kpi, key: str | None) -> str:
        shown = replace(scope, basis=scope.basis if same else kpi.shown_on(scope.basis), group=None)
        if step is GroupBy.MONTH:
            return _rows_url(kpi, replace(shown, group_by=GroupBy.MONTH), key)
        return _rows_url(kpi, replace(shown, group_by=GroupBy.NONE, period=periods[key or ""]))

    return link


def _parts(kpi: Kpi, scope: Scope, chosen: Part) -> list[Choice]:
    if len(kpi.parts) == 1:
        return []
    return [Choice(str(part.label), "?" + write_query(scope, part=part), part is chosen) for part in kpi.parts]


def _group_text(scope: Scope) -> str:
    return "" if scope.group is None else group_label(key=scope.group, group_by=scope.group_by)
