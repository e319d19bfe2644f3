"""The specs of charts hold numbers and texts only; sentences say what they show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from alignment.kernel.periods import Period
from reviews.kpis.kpi import Figure, Unit
from reviews.reports import charts, wording
from reviews.reports.charts import Point
from reviews.rules.runchart import Good, run_chart
from reviews.rules.statistics import Interval

STEADY = [10.0, 12, 9, 11, 10, 12, 9, 11, 10, 12, 9, 11]
RISEN = [*STEADY, 30.0]
COUNT = charts.Scale(1, "", ",.0f")


def labels(values: list[float]) -> list[str]:
    return [f"{number}" for number, _value in enumerate(values)]


def spec_of(values: list[float], **options: Any) -> dict[str, Any]:
    return charts.run_chart(labels(values), run_chart(values, good=Good.UP), scale=COUNT, mean="mean", **options)


def every_key(spec: Any) -> Iterator[str]:
    if isinstance(spec, dict):
        for key, value in spec.items():
            yield key
            yield from every_key(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from every_key(value)


SPECS = {
    "steady": spec_of(STEADY),
    "signal": spec_of(RISEN, side="sales"),
    "short": spec_of([1.0, 2.0]),
    "empty": spec_of([]),
    "bars": charts.bars([Point("Jan", 3), Point("Feb", None)], scale=COUNT, side="marketing"),
    "dots": charts.dots_over_time(
        [Point("Jan", 0.5, Interval(0.4, 0.6), is_open=True), Point("Feb", None)], scale=COUNT
    ),
    "names": charts.dots_by_name(
        [Point("mail", 0.5, Interval(0.4, 0.6))], scale=COUNT, overall=0.4, overall_text="all"
    ),
    "no names": charts.dots_by_name([], scale=COUNT, overall=None, overall_text=""),
}


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_is_plain_json_without_anything_to_evaluate(name: str) -> None:
    spec = SPECS[name]

    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    assert not {"transform", "calculate", "expr", "labelExpr", "signal", "params", "condition", "test"} & {
        *every_key(spec)
    }


@pytest.mark.parametrize("name", SPECS)
def test_no_layer_is_drawn_without_data_where_another_has_some(name: str) -> None:
    layers = SPECS[name]["layer"]

    assert layers
    assert len(layers) == 1 or all(layer["data"]["values"] for layer in layers)


def test_a_signal_is_a_diamond_and_too_few_points_have_no_limits() -> None:
    def marks(spec: dict[str, Any]) -> list[str]:
        return [layer["mark"].get("shape") or layer["mark"]["type"] for layer in spec["layer"]]

    assert marks(SPECS["steady"]) == ["rule", "rule", "text", "line", "point"]
    assert marks(SPECS["signal"])[-1] == "diamond"
    assert marks(SPECS["short"]) == ["line", "point"]


def test_a_named_event_is_a_line_with_its_words_and_limits_end_there() -> None:
    values = [*[value + 20 for value in STEADY], *STEADY]
    chart = run_chart(values, events=[12])
    layers = charts.run_chart(labels(values), chart, scale=COUNT, mean="mean", marks=[(12, "version 2 in force")])[
        "layer"
    ]

    event, words, earlier = layers[0], layers[1], layers[2]
    assert event["data"]["values"] == [{"x": "12", "text": "version 2 in force"}]
    assert words["encoding"]["text"] == {"field": "text"}
    assert [(row["x"], row["end"]) for row in earlier["data"]["values"]] == [("0", "11")] * 2
    assert [(row["x"], row["end"]) for row in layers[4]["data"]["values"]] == [("12", "23")] * 2


def test_a_share_is_never_drawn_beyond_nothing_and_the_whole() -> None:
    scale = charts.scale_of([1.3], Unit.RATE, unit_text="", currency="JPY")
    values = [0.9, 1.3, 1.0, 0.8, 2.0, 0.7, 0.9, 1.1, 0.95, 0.85, 1.0, 0.9]
    spec = charts.run_chart(labels(values), run_chart(values), scale=scale)

    drawn = [row["y"] for layer in spec["layer"] for row in layer["data"]["values"] if "y" in row]
    assert max(drawn) <= 1
    ends = [layer["encoding"]["y"]["scale"]["domain"] for layer in spec["layer"] if "scale" in layer["encoding"]["y"]]
    assert {high for _low, high in ends} == {1.0}
    month = charts.dots_over_time([Point("a", 0.97, Interval(0.9, 1.0))], scale=scale)["layer"][-1]
    assert month["encoding"]["y"]["scale"]["domain"] == [0.0, 1.0]


def test_many_weeks_are_all_drawn_but_only_some_are_named() -> None:
    (line,) = [layer for layer in spec_of(STEADY * 2)["layer"] if layer["mark"]["type"] == "line"]

    x = line["encoding"]["x"]
    assert len(x["scale"]["domain"]) == 24
    assert len(x["axis"]["values"]) == 6
    assert x["axis"]["values"][0] == "23"  # the latest is always named


def test_a_hollow_dot_stands_for_few_cases_or_a_young_cohort() -> None:
    layers = charts.dots_over_time([Point("a", 1), Point("b", 2, is_open=True)], scale=COUNT)["layer"]

    assert [(layer["mark"]["fill"], [row["x"] for row in layer["data"]["values"]]) for layer in layers] == [
        (charts.INK, ["a"]),
        (charts.PAPER, ["b"]),
    ]


@pytest.mark.parametrize(
    ("language", "top", "size", "title"),
    [
        ("ja", 12_345_678, 10_000, "万円"),
        ("ja", 1_234_567_890, 100_000_000, "億円"),
        ("ja", 500, 1, "円"),
        ("en", 12_345_678, 1_000_000, "million JPY"),
        ("en", 0, 1, "JPY"),
    ],
)
def test_large_amounts_stand_in_the_unit_that_people_say(language: str, top: int, size: int, title: str) -> None:
    with translation.override(language):
        scale = charts.scale_of([top, None], Unit.MONEY, unit_text="", currency="JPY")

    assert (scale.size, scale.title) == (size, title)


def test_shares_are_written_as_per_cent() -> None:
    assert charts.scale_of([0.4], Unit.RATE, unit_text="", currency="JPY").format == ".0%"
    assert charts.scale_of([0.004], Unit.RATE, unit_text="", currency="JPY").format == ".1%"


# -- sentences ------------------------------------------------------------------------------------------


def sentence(values: list[float], good: Good = Good.UP) -> str:
    chart = run_chart(values, good=good)
    return wording.verdict_sentence("MQL", chart, Unit.COUNT, currency="JPY", weeks=len(values))


def test_the_sentence_of_a_run_chart_gives_a_verdict_only_where_the_rules_do() -> None:
    assert sentence([1, 2, 3]) == "MQL: 3 weeks so far, too few to tell a change from ordinary spread."
    assert sentence(STEADY).startswith("MQL: no change. The last 12 weeks vary around 10.5, ordinarily from ")
    assert sentence(RISEN).startswith("MQL: better. The latest week is a signal (outside the limits)")
    assert sentence(RISEN, Good.DOWN).startswith("MQL: worse.")
    assert sentence(RISEN, Good.NONE).startswith("MQL: changed.")


def test_a_chart_by_source_compares_only_sources_with_cases_enough() -> None:
    sources = [("mail", Figure(0.1, 20, 200)), ("expo", Figure(0.2, 40, 200)), ("rare", Figure(1.0, 1, 1))]

    said = wording.sources_sentence("Conversion", sources, Unit.RATE, currency="JPY")

    assert "highest 20.0% (expo), lowest 10.0% (mail)" in said
    assert "may be chance" in wording.sources_sentence("Conversion", sources[1:], Unit.RATE, currency="JPY")


def test_a_chart_by_month_says_lowest_highest_and_latest() -> None:
    months = [("Jan", 3), ("Feb", None), ("Mar", 9), ("Apr", 5)]

    said = wording.times_sentence("MQL", months, Unit.COUNT, currency="JPY")

    assert said == "MQL by month: lowest 3 (Jan), highest 9 (Mar), latest 5 (Apr)."
    assert wording.times_sentence("MQL", [], Unit.COUNT, currency="JPY") == "MQL by month: no values yet."
    assert wording.times_sentence("MQL", [("Jan", 3)], Unit.COUNT, currency="JPY") == "MQL by month: 3 in Jan."


@pytest.mark.parametrize(
    ("years", "said"),
    [
        ([], "MQL by year: no values yet."),
        ([("2024", 3)], "MQL by year: 3 in 2024."),
        ([("2024", 3), ("2025", 9)], "MQL by year: lowest 3 (2024), highest 9 (2025), latest 9 (2025)."),
    ],
)
def test_a_chart_by_year_says_so(years: list[tuple[str, float]], said: str) -> None:
    assert wording.times_sentence("MQL", years, Unit.COUNT, currency="JPY", by_year=True) == said


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.10525, Unit.RATE, "10.5%"), (8000, Unit.COUNT, "8,000"), (48.4382, Unit.DAYS, "48.4"), (None, Unit.RATE, "–")],
)
def test_values_in_words(value: float | None, unit: Unit, text: str) -> None:
    assert wording.value_text(value, unit, currency="JPY") == text


@pytest.mark.parametrize(
    ("now", "before", "unit", "text"),
    [
        (12, 10, Unit.COUNT, "+2"),
        (10, 12, Unit.COUNT, "−2"),
        (10, 10, Unit.COUNT, "±0"),
        (0.5, 0.45, Unit.RATE, "+5.0 pt"),
        (None, 3, Unit.DAYS, "–"),
        (2_000_000, 1_000_000, Unit.MONEY, "+¥1M"),
    ],
)
def test_differences_carry_their_sign(now: float, before: float, unit: Unit, text: str) -> None:
    assert wording.change_text(now, before, unit, currency="JPY") == text


def test_an_interval_is_given_of_a_share_and_of_nothing_else() -> None:
    share = Figure(0.10525, 842, 8000)

    assert wording.interval_text(share, is_share=True) == "95% interval 9.9–11.2%"
    assert wording.interval_text(share, is_share=False) == ""
    assert wording.interval_text(Figure(None, 0, 0), is_share=True) == ""


@pytest.mark.parametrize(("language", "mark"), [("ja", "4/6"), ("en", "Apr 6")])
def test_a_week_is_marked_by_its_first_day(language: str, mark: str) -> None:
    with translation.override(language):
        assert wording.week_mark(Period.week_of(date(2026, 4, 8))) == mark
