"""Vega-Lite specs of the charts. All is reckoned and worded here: a spec holds numbers and texts, no expressions.

Colours are the page's own variables, so that a change of theme needs no new drawing. Marks carry no ARIA: the sentence
above a chart and the table behind it say what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
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
    is_share: bool = False


@dataclass(frozen=True)
class Point:
    """One value with its name; ``is_open``: drawn hollow, as few cases stand behind it; ``is_young``: dashed too."""

    label: str
    value: float | None
    interval: Interval | None = None
    is_open: bool = False
    is_young: bool = False


def scale_of(values: Sequence[float | None], unit: Unit, *, unit_text: str, currency: str) -> Scale:
    """The axis for these values: shares as per cent, large amounts in the unit that people say."""
    top = max((abs(value) for value in values if value is not None), default=0)
    if unit is Unit.RATE:
        return Scale(1, "", ".0%" if top >= 0.05 or not top else ".1%", is_share=True)
    if unit is not Unit.MONEY:
        return Scale(1, unit_text, ",.0f" if top >= 5 or unit is Unit.COUNT else ",.1f")
    size, word = next((size, word) for size, word in _money_words() if top >= size or size == 1)
    title = word.format(unit=formats.money_unit(currency))
    return Scale(size, title, ",.0f" if top / size >= 5 or not top else ",.1f")


def run_chart(
    labels: Sequence[str],
    chart: RunChart,
    *,
    scale: Scale,
    side: str = "",
    mean: str = "",
    height: int = HEIGHT,
    marks: Sequence[tuple[int, str]] = (),
) -> Spec:
    """Points week by week with mean and limits; a point that the rules call a signal is a filled diamond.

    ``marks``: the places of named events with their words; lines run from one to the next. Of a share nothing is drawn
    beyond the whole.
    """
    points = [
        {"x": label, "y": _scaled(value, scale)}
        for label, value in zip(labels, chart.values, strict=True)
        if value is not None and _is_drawn(value, scale)
    ]
    signals = [
        {"x": label, "y": _scaled(value, scale)}
        for label, value, found in zip(labels, chart.values, chart.signals, strict=True)
        if value is not None and found and _is_drawn(value, scale)
    ]
    x = _names(labels, few=height < HEIGHT)
    y = _axis("y", scale, tight=True, values=[*chart.values, *_line_values(chart)])
    colour = SIDES.get(side, INK)
    layers = [*_events(labels, marks, x, above=-24 if scale.title else -4), *_earlier(labels, chart, scale, x, y)]
    if chart.centre is not None:
        limits: list[Spec] = [{"y": _scaled(value, scale)} for value in _within((chart.lower, chart.upper), scale)]
        centre: list[Spec] = [{"y": _scaled(chart.centre, scale), "text": mean}]
        if not _is_drawn(chart.centre, scale):
            centre = []
        across: Spec = {}
        if len(chart.stretches) > 1:
            across = {"x": x, "x2": {"field": "end"}}
            ends = {"x": labels[chart.stretches[-1].start], "end": labels[-1]}
            limits, centre = [row | ends for row in limits], [row | ends for row in centre]
        layers += [
            _layer({"type": "rule", "color": RULE, "strokeDash": [4, 4]}, limits, y=y, **across),
            _layer({"type": "rule", "color": SECOND}, centre, y=y, **across),
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


def _events(labels: Sequence[str], marks: Sequence[tuple[int, str]], x: Spec, *, above: int) -> list[Spec]:
    """A line at each event, with its words ``above`` it, on the side where there is room."""
    layers = []
    for place, text in marks:
        row = [{"x": labels[place], "text": text}]
        is_late = place > len(labels) / 2
        words = {"type": "text", "align": "right" if is_late else "left", "dx": -4 if is_late else 4, "fontSize": 11}
        layers += [
            _layer({"type": "rule", "color": SECOND, "strokeDash": [1, 3], "strokeWidth": 1.5}, row, x=x),
            _layer(
                {**words, "color": SECOND, "baseline": "bottom", "dy": above},
                row,
                x=x,
                y={"value": 0},
                text={"field": "text"},
            ),
        ]
    return layers


def _earlier(labels: Sequence[str], chart: RunChart, scale: Scale, x: Spec, y: Spec) -> list[Spec]:
    """The lines that held before the latest event."""
    limits, centres = [], []
    for one in chart.stretches[:-1]:
        if one.centre is not None:
            ends = {"x": labels[one.start], "end": labels[one.end - 1]}
            limits += [{**ends, "y": _scaled(value, scale)} for value in _within((one.lower, one.upper), scale)]
            centres.append({**ends, "y": _scaled(one.centre, scale)})
    across = {"x": x, "x2": {"field": "end"}, "y": y}
    return [
        _layer({"type": "rule", "color": RULE, "strokeDash": [4, 4]}, limits, **across),
        _layer({"type": "rule", "color": SECOND}, centres, **across),
    ]


def _line_values(chart: RunChart) -> list[float | None]:
    stretches = [(one.lower, one.centre, one.upper) for one in chart.stretches]
    return [value for lines in [(chart.lower, chart.centre, chart.upper), *stretches] for value in lines]


def _is_drawn(value: float, scale: Scale) -> bool:
    return not scale.is_share or 0 <= value <= 1


def _within(values: Sequence[float | None], scale: Scale) -> list[float]:
    """Limits, of a share no further out than it can be."""
    known = [value for value in values if value is not None]
    return [min(max(value, 0.0), 1.0) for value in known] if scale.is_share else known


def bars(points: Sequence[Point], *, scale: Scale, side: str = "") -> Spec:
    """One column per name: for counts. What is still to grow is an outline."""
    x, y = _names([point.label for point in points]), _axis("y", scale, values=[point.value for point in points])
    mark, colour = {"type": "bar", "width": {"band": 0.7}}, SIDES.get(side, SECOND)
    outline = {"fill": PAPER, "stroke": colour, "strokeWidth": 1.5, "strokeDash": [3, 3]}
    full, young = (
        [{"x": point.label, "y": _scaled(point.value, scale)} for point in points if point.is_young is is_young]
        for is_young in (False, True)
    )
    return _chart([_layer({**mark, "color": colour}, full, x=x, y=y), _layer({**mark, **outline}, young, x=x, y=y)])


def dots_over_time(points: Sequence[Point], *, scale: Scale) -> Spec:
    """One dot per month with its interval; hollow where it is not to be relied on yet."""
    x, y = _names([point.label for point in points]), _axis("y", scale, values=_extent(points))
    low_high = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
    return _chart(_dots(points, scale, spans=low_high, place={"x": x}, value={"y": y}))


def dots_by_name(points: Sequence[Point], *, scale: Scale, overall: float | None, overall_text: str) -> Spec:
    """One row per name, in the order given, with its interval and a line at the overall value."""
    x = _axis("x", scale, values=[*_extent(points), overall])
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
    known = [point for point in known if point.value is not None and _is_drawn(point.value, scale)]
    full, hollow, young = (
        [{"x": point.label, "y": _scaled(point.value, scale)} for point in known if _look(point) == look]
        for look in ("full", "hollow", "young")
    )
    dot = {"type": "point", "opacity": 1, "size": 60, "strokeWidth": 1.5}
    return [
        _layer({"type": "rule", "color": RULE, "strokeWidth": 2}, intervals, **place, **spans),
        _layer({**dot, "color": INK, "fill": INK}, full, **place, **value),
        _layer({**dot, "color": INK, "fill": PAPER}, hollow, **place, **value),
        _layer({**dot, "color": INK, "fill": PAPER, "strokeDash": [2, 2]}, young, **place, **value),
    ]


def _look(point: Point) -> str:
    if point.is_young:
        return "young"
    return "hollow" if point.is_open else "full"


def _extent(points: Sequence[Point]) -> list[float | None]:
    highs = [point.interval.high for point in points if point.interval]
    return [*[point.value for point in points], *highs]


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


def _axis(channel: str, scale: Scale, *, values: Sequence[float | None], tight: bool = False) -> Spec:
    axis = {"title": scale.title or None, "format": scale.format, "tickCount": 4, "grid": True, "domain": False}
    if channel == "y":
        axis |= {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "start", "titleY": -10, "titleX": 0}
    return {
        "field": "y",
        "type": "quantitative",
        "axis": {**axis, "ticks": False},
        "scale": _domain(values, tight=tight) if scale.is_share else {"zero": not tight, "nice": True},
    }


def _domain(values: Sequence[float | None], *, tight: bool) -> Spec:
    """Round ends around these shares, never beyond nothing and the whole."""
    known = [min(max(value, 0.0), 1.0) for value in values if value is not None] or [0.0, 1.0]
    low, high = (min(known) if tight else 0.0), max(known)
    step = next((step for step in (0.01, 0.02, 0.05, 0.1) if high - low <= 5 * step), 0.2)
    low = max(0.0, round(floor(low / step + 1e-9) * step, 4))
    high = min(1.0, round(ceil(high / step - 1e-9) * step, 4))
    return {"domain": [low, high if high > low else min(1.0, low + step)], "nice": False, "zero": False}


def _scaled(value: float | None, scale: Scale) -> float | None:
    return None if value is None else value / scale.size
