"""Vega-Lite specs of the charts. All is reckoned and worded here: a spec holds numbers and texts, no expressions.

Colours are the page's own variables, so that a change of theme needs no new drawing. Marks carry no ARIA: the sentence
above a chart and the table behind it say what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation

from alignment.kernel import formats
from reviews.kpis.kpi import Unit
from reviews.rules.runchart import RunChart
from reviews.rules.statistics import Interval

Spec = dict[str, Any]

INK, SECOND, RULE, PAPER = "var(--ink)", "var(--ink-2)", "var(--rule-strong)", "var(--paper)"
SIDES = {"marketing": "var(--side-marketing)", "sales": "var(--side-sales)"}
HEIGHT = 220
ROW = 26
LABELS = 6  # so many words fit under an axis on a phone


@dataclass(frozen=True)
class Scale:
    """How values are written on an axis: divided by ``size``, with the unit in the title."""

    size: float
    title: str
    format: str


@dataclass(frozen=True)
class Point:
    """One value with its name; ``is_open``: drawn hollow, because few cases or a young cohort stand behind it."""

    label: str
    value: float | None
    interval: Interval | None = None
    is_open: bool = False


def scale_of(values: Sequence[float | None], unit: Unit, *, unit_text: str, currency: str) -> Scale:
    """The axis for these values: shares as per cent, large amounts in the unit that people say."""
    top = max((abs(value) for value in values if value is not None), default=0)
    if unit is Unit.RATE:
        return Scale(1, "", ".0%" if top >= 0.05 or not top else ".1%")
    if unit is not Unit.MONEY:
        return Scale(1, unit_text, ",.0f" if top >= 5 or unit is Unit.COUNT else ",.1f")
    size, word = next((size, word) for size, word in _money_words() if top >= size or size == 1)
    title = word.format(unit=formats.money_unit(currency))
    return Scale(size, title, ",.0f" if top / size >= 5 or not top else ",.1f")


def run_chart(
    labels: Sequence[str], chart: RunChart, *, scale: Scale, side: str = "", mean: str = "", height: int = HEIGHT
) -> Spec:
    """Points week by week with mean and limits; a point that the rules call a signal is a filled diamond."""
    points = [
        {"x": label, "y": _scaled(value, scale)}
        for label, value in zip(labels, chart.values, strict=True)
        if value is not None
    ]
    signals = [
        {"x": label, "y": _scaled(value, scale)}
        for label, value, found in zip(labels, chart.values, chart.signals, strict=True)
        if value is not None and found
    ]
    x = _names(labels, few=height < HEIGHT)
    y = _axis("y", scale, tight=True)
    colour = SIDES.get(side, INK)
    layers: list[Spec] = []
    if chart.centre is not None:
        limits = [{"y": _scaled(value, scale)} for value in (chart.lower, chart.upper)]
        centre = [{"y": _scaled(chart.centre, scale), "text": mean}]
        layers += [
            _layer({"type": "rule", "color": RULE, "strokeDash": [4, 4]}, limits, y=y),
            _layer({"type": "rule", "color": SECOND}, centre, y=y),
            _layer(
                {"type": "text", "align": "left", "dx": 6, "color": SECOND, "fontSize": 11},
                centre,
                y=y,
                x={"value": "width"},
                text={"field": "text"},
            ),
        ]
    layers += [
        _layer({"type": "line", "color": colour, "strokeWidth": 1.5}, points, x=x, y=y),
        _layer({"type": "point", "filled": True, "opacity": 1, "size": 24, "color": colour}, points, x=x, y=y),
        _layer(
            {"type": "point", "filled": True, "opacity": 1, "shape": "diamond", "size": 130, "color": INK},
            signals,
            x=x,
            y=y,
        ),
    ]
    return _chart(layers, height=height)


def bars(points: Sequence[Point], *, scale: Scale, side: str = "") -> Spec:
    """One column per name: for counts."""
    values = [{"x": point.label, "y": _scaled(point.value, scale), "open": point.is_open} for point in points]
    x, y = _names([point.label for point in points]), _axis("y", scale)
    return _chart([_layer({"type": "bar", "color": SIDES.get(side, SECOND), "width": {"band": 0.7}}, values, x=x, y=y)])


def dots_over_time(points: Sequence[Point], *, scale: Scale) -> Spec:
    """One dot per month with its interval; hollow where it is not to be relied on yet."""
    x, y = _names([point.label for point in points]), _axis("y", scale)
    low_high = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
    return _chart(_dots(points, scale, spans=low_high, place={"x": x}, value={"y": y}))


def dots_by_name(points: Sequence[Point], *, scale: Scale, overall: float | None, overall_text: str) -> Spec:
    """One row per name, in the order given, with its interval and a line at the overall value."""
    x = _axis("x", scale)
    y: Spec = {
        "field": "x",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "labelLimit": 130, "ticks": False, "domain": False, "labelPadding": 8},
        "scale": {"domain": [point.label for point in points]},
    }
    spans = {"x": {**x, "field": "low"}, "x2": {"field": "high"}}
    value = {"x": {**x, "field": "y"}}
    line = [{"y": _scaled(overall, scale), "text": overall_text}] if overall is not None else []
    return _chart(
        [
            _layer({"type": "rule", "color": SECOND, "strokeDash": [4, 4]}, line, **value),
            _layer(
                {
                    "type": "text",
                    "align": "left",
                    "dx": 4,
                    "dy": -4,
                    "color": SECOND,
                    "fontSize": 11,
                    "baseline": "bottom",
                },
                line,
                y={"value": 0},
                text={"field": "text"},
                **value,
            ),
            *_dots(points, scale, spans=spans, place={"y": y}, value=value),
        ],
        height=ROW * max(len(points), 1),
    )


def _money_words() -> list[tuple[float, str]]:
    """The units in which people say large amounts, the largest first."""
    if (translation.get_language() or "").startswith("ja"):
        return [(10**8, "億{unit}"), (10**4, "万{unit}"), (1, "{unit}")]
    return [(10**9, "billion {unit}"), (10**6, "million {unit}"), (10**3, "thousand {unit}"), (1, "{unit}")]


def _dots(points: Sequence[Point], scale: Scale, *, spans: Spec, place: Spec, value: Spec) -> list[Spec]:
    known = [point for point in points if point.value is not None]
    intervals = [
        {"x": point.label, "low": point.interval.low / scale.size, "high": point.interval.high / scale.size}
        for point in known
        if point.interval
    ]
    rows = [{"x": point.label, "y": _scaled(point.value, scale), "open": point.is_open} for point in known]
    full, hollow = [row for row in rows if not row["open"]], [row for row in rows if row["open"]]
    dot = {"type": "point", "opacity": 1, "size": 60, "strokeWidth": 1.5}
    return [
        _layer({"type": "rule", "color": RULE, "strokeWidth": 2}, intervals, **place, **spans),
        _layer({**dot, "color": INK, "fill": INK}, full, **place, **value),
        _layer({**dot, "color": INK, "fill": PAPER}, hollow, **place, **value),
    ]


def _chart(layers: list[Spec], *, height: int = HEIGHT) -> Spec:
    """Layers without data are left out: they would have no extent to draw an axis from."""
    drawn = [layer for layer in layers if layer["data"]["values"]] or layers[-1:]
    return {"height": height, "autosize": {"type": "fit-x", "contains": "padding"}, "layer": drawn}


def _layer(mark: Spec, values: list[Spec], **encoding: Spec) -> Spec:
    return {"mark": {**mark, "aria": False}, "data": {"values": values}, "encoding": encoding}


def _names(labels: Sequence[str], *, few: bool = False) -> Spec:
    """An axis of names in their order; where there are many, only some are written."""
    step = -(-len(labels) // (LABELS // 2 if few else LABELS)) or 1
    shown = [label for index, label in enumerate(reversed(labels)) if index % step == 0]
    axis: Spec = {"title": None, "labelAngle": 0, "values": shown, "ticks": False, "labelPadding": 6}
    axis |= {"labelOverlap": True, "labelSeparation": 6}  # on a phone even these may touch
    return {"field": "x", "type": "ordinal", "sort": None, "axis": axis, "scale": {"domain": list(labels)}}


def _axis(channel: str, scale: Scale, *, tight: bool = False) -> Spec:
    axis = {"title": scale.title or None, "format": scale.format, "tickCount": 4, "grid": True, "domain": False}
    if channel == "y":
        axis |= {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "start", "titleY": -10, "titleX": 0}
    return {
        "field": "y",
        "type": "quantitative",
        "axis": {**axis, "ticks": False},
        "scale": {"zero": not tight, "nice": True},
    }


def _scaled(value: float | None, scale: Scale) -> float | None:
    return None if value is None else value / scale.size
