"""The run chart: lines computed by hand, each rule at its edge, and the word that follows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.rules.runchart import MIN_POINTS, Change, Good, Rule, Signal, run_chart

# Mean 10, moving ranges all 2: limits 10 ± 5.32, the outer third begins at 10 ± 3.5467.
CALM = [9, 11] * 6


def rules_of(chart):
    return [tuple(signal.rule for signal in signals) for signals in chart.signals]


def test_the_lines_are_mean_and_mean_moving_range():
    # Sum 114; moving ranges 2 1 2 3 2 1 2 3 2, their mean 18 / 9 = 2.
    chart = run_chart([10, 12, 11, 13, 10, 12, 11, 13, 10, 12])

    assert chart.centre == pytest.approx(11.4)
    assert chart.lower == pytest.approx(11.4 - 5.32)
    assert chart.upper == pytest.approx(11.4 + 5.32)


def test_ordinary_spread_is_no_change():
    chart = run_chart(CALM, good=Good.UP)

    assert chart.change == Change.NO_CHANGE
    assert not any(chart.signals)


def test_fewer_than_ten_points_say_nothing():
    chart = run_chart([1, 2, 3, 4, 5, 6, 7, 8, 9], good=Good.UP)

    assert chart.change == Change.TOO_FEW
    assert (chart.centre, chart.lower, chart.upper) == (None, None, None)
    assert chart.signals == ((),) * 9


def test_no_points_at_all_are_too_few():
    assert run_chart([]).change == Change.TOO_FEW


def test_a_point_outside_the_limits_is_a_signal():
    # Sum 140 of 13 points, mean 10.769; moving ranges 11 × 2 and 9, mean 31 / 12: upper limit 17.64.
    chart = run_chart([*CALM, 20], good=Good.UP)

    assert chart.upper == pytest.approx(140 / 13 + 2.66 * 31 / 12)
    assert chart.signals[-1] == (Signal(Rule.OUTSIDE, up=True),)
    assert chart.change == Change.BETTER


@pytest.mark.parametrize("value", [0, 0.1, 1 / 3, 0.7, 1.1, 123456.789])
@pytest.mark.parametrize("count", [10, 12, 13, 24, 25])
def test_equal_points_lie_on_their_lines(value, count):
    chart = run_chart([value] * count, good=Good.UP)

    assert not any(chart.signals)
    assert chart.change == Change.NO_CHANGE


def test_a_signal_of_the_past_is_shown_but_is_no_change_now():
    chart = run_chart([20, *CALM], good=Good.UP)

    assert rules_of(chart)[0] == (Rule.OUTSIDE,)
    assert chart.change == Change.NO_CHANGE


def test_seven_points_on_one_side_are_a_signal_and_six_are_not():
    six = [12, 8, 8, 12, 8, 8, *[12, 11, 12, 11, 12, 11], 8, 9]
    seven = [12, 8, 8, 12, 8, 8, 8, *[12, 11, 12, 11, 12, 11, 12], 8, 8]

    assert not any(run_chart(six).signals)
    assert rules_of(run_chart(seven)) == [()] * 7 + [(Rule.ONE_SIDE,)] * 7 + [()] * 2


def test_a_point_on_the_mean_ends_a_run():
    # Mean 10: four above, one on it, three above, six below.
    chart = run_chart([11, 12, 11, 12, 10, 11, 12, 11, 8, 9, 8, 9, 8, 8])

    assert chart.centre == 10
    assert not any(chart.signals)


def test_seven_rising_points_are_a_signal_and_six_are_not():
    six = [13, 8, 9, 10, 11, 12, 13, 8, 12, 8]
    seven = [13, 7, 8, 9, 10, 11, 12, 13, 7, 12, 8]

    assert not any(run_chart(six).signals)
    assert rules_of(run_chart(seven)) == [()] + [(Rule.TREND,)] * 7 + [()] * 3


def test_a_trend_points_its_way_even_on_the_other_side_of_the_mean():
    # The last point, 4, is below the mean but ends a rise.
    values = [20, 14, 20, 14, 20, 1, 2, 3, 4, 5, 6, 7]
    chart = run_chart(values, good=Good.UP)

    assert values[-1] < chart.centre
    assert chart.signals[-1] == (Signal(Rule.TREND, up=True), Signal(Rule.ONE_SIDE, up=False))
    assert chart.change == Change.BETTER


def test_two_of_three_points_near_the_same_limit_are_a_signal():
    # Mean 271 / 26 = 10.42; moving ranges 22 × 2, 6, 3 and 3, mean 56 / 25: the outer third is 14.40 to 16.38.
    chart = run_chart([*CALM, *CALM[:-1], 15, 12, 15], good=Good.DOWN)

    assert chart.upper == pytest.approx(271 / 26 + 2.66 * 56 / 25)
    assert rules_of(chart) == [()] * 23 + [(Rule.NEAR_LIMIT,), (), (Rule.NEAR_LIMIT,)]
    assert chart.change == Change.WORSE


def test_two_of_three_points_near_a_limit_with_the_third_across_the_mean_are_no_signal():
    assert not any(run_chart([*CALM, *CALM[:-1], 15, 9, 15]).signals)


def test_a_point_outside_the_limits_is_not_also_near_them():
    # Mean 516 / 50, moving ranges 46 × 2, 11, 8 and 3: the outer third is 14.45 to 16.51.
    chart = run_chart([*(CALM * 3), *CALM[:-1], 20, 12, 15])

    assert rules_of(chart)[-3:] == [(Rule.OUTSIDE,), (), ()]


def test_two_points_near_opposite_limits_are_no_signal():
    values = [*CALM, *CALM, 14.5, 5.5, 10]
    chart = run_chart(values)

    assert not any(chart.signals)


@pytest.mark.parametrize(
    ("good", "change"), [(Good.UP, Change.WORSE), (Good.DOWN, Change.BETTER), (Good.NONE, Change.CHANGED)]
)
def test_the_word_depends_on_what_is_good(good, change):
    assert run_chart([*CALM, 0], good=good).change == change


def test_points_without_a_value_are_left_out():
    full = run_chart([*CALM, 20], good=Good.UP)
    gaps = run_chart([None, *CALM[:5], None, None, *CALM[5:], 20, None], good=Good.UP)

    assert (gaps.centre, gaps.lower, gaps.upper, gaps.change) == (full.centre, full.lower, full.upper, full.change)
    assert len(gaps.signals) == len(gaps.values) == 17
    assert gaps.signals[-1] == gaps.signals[0] == ()
    assert gaps.signals[-2] == full.signals[-1]


def test_points_without_a_value_do_not_count():
    assert run_chart([1, None] * 9).change == Change.TOO_FEW


def test_limits_stay_within_what_the_figure_can_be():
    chart = run_chart([0.1, 0.9] * 5, lowest=0, highest=1)

    assert (chart.lower, chart.upper) == (0, 1)


def test_lines_and_rules_start_anew_at_a_named_event():
    chart = run_chart([*[20, 22, 21, 19] * 3, *CALM], good=Good.UP, events=[12])

    before, after = chart.stretches
    assert (before.start, before.end, after.start, after.end) == (0, 12, 12, 12 + len(CALM))
    assert before.centre == 20.5
    assert after.centre == chart.centre == run_chart(CALM).centre
    assert chart.change == Change.NO_CHANGE
    assert run_chart([*[20, 22, 21, 19] * 3, *CALM], good=Good.UP).change == Change.WORSE
    assert chart.latest == len(CALM)


def test_too_few_points_since_an_event_have_no_verdict_yet():
    chart = run_chart([*CALM, 3, 3, 3], good=Good.UP, events=[len(CALM)])

    assert (chart.change, chart.centre) == (Change.TOO_FEW, None)
    assert chart.stretches[0].centre is not None


@pytest.mark.parametrize("events", [[0], [-1], [99], []])
def test_an_event_outside_changes_nothing(events):
    assert run_chart(CALM, events=events) == run_chart(CALM)


def test_decimals_are_charted_too():
    assert run_chart([Decimal("1.5")] * 10).centre == 1.5


SERIES = st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), max_size=40)


@given(SERIES, st.sampled_from(Good))
def test_every_chart_is_whole(values, good):
    chart = run_chart(values, good=good)

    assert len(chart.signals) == len(values)
    assert all(not signals for value, signals in zip(values, chart.signals, strict=True) if value is None)
    assert (chart.change == Change.TOO_FEW) == (sum(value is not None for value in values) < MIN_POINTS)
    if chart.centre is not None:
        assert chart.lower <= chart.centre <= chart.upper


@given(SERIES)
def test_a_chart_upside_down_has_the_same_signals_the_other_way(values):
    up = run_chart(values, good=Good.UP)
    down = run_chart([None if value is None else -value for value in values], good=Good.DOWN)

    assert up.change == down.change
    assert [tuple(Signal(s.rule, not s.up) for s in signals) for signals in up.signals] == list(down.signals)
