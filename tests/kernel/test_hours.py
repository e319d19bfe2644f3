"""Weekly hours: what people write, and what is said when it cannot be read."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.kernel.errors import InvalidInput
from alignment.kernel.hours import WEEKDAYS, WeeklyHours

OFFICE = [["09:00", "12:00"], ["13:00", "18:00"]]


def weekly_json() -> st.SearchStrategy[dict[str, list[list[str]]]]:
    """Any weekly hours: up to three open times a day, never overlapping, midnight and 24:00 included."""

    def spans(minutes: set[int]) -> list[list[str]]:
        clock = [f"{minute // 60:02}:{minute % 60:02}" for minute in sorted(minutes)]
        return [list(pair) for pair in zip(clock[::2], clock[1::2], strict=False)]

    minute = st.one_of(st.integers(0, 1440), st.sampled_from([0, 60, 90, 120, 150, 180, 540, 1080, 1440]))
    day = st.sets(minute, max_size=6).map(spans)
    return st.dictionaries(st.sampled_from(WEEKDAYS), day, max_size=7)


def test_hours_are_minutes_after_midnight_from_monday():
    weekly = WeeklyHours.parse({"mon": OFFICE, "sun": [["00:00", "24:00"]]})

    assert weekly.days == (((540, 720), (780, 1080)), (), (), (), (), (), ((0, 1440),))


def test_open_times_of_a_day_are_put_in_order():
    weekly = WeeklyHours.parse({"mon": list(reversed(OFFICE))})

    assert weekly.days[0] == ((540, 720), (780, 1080))


@given(weekly_json())
def test_what_is_written_is_read_back(value):
    weekly = WeeklyHours.parse(value)

    assert WeeklyHours.parse(weekly.to_json()) == weekly


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, ""),
        ([], ""),
        ({"monday": OFFICE}, "monday"),
        ({"mon": "09:00-18:00"}, "mon"),
        ({"tue": ["09:00", "18:00"]}, "tue.0"),
        ({"tue": [["09:00"]]}, "tue.0"),
        ({"wed": [["09:00", "12:00"], ["13:00", "25:00"]]}, "wed.1.1"),
        ({"wed": [["9:00", "12:00"]]}, "wed.0.0"),
        ({"wed": [["24:30", "12:00"]]}, "wed.0.0"),
        ({"wed": [[540, 720]]}, "wed.0.0"),
        ({"wed": [["09:00", "12:00\n"]]}, "wed.0.1"),
        ({"thu": [["12:00", "12:00"]]}, "thu.0"),
        ({"fri": [["22:00", "06:00"]]}, "fri.0"),
        ({"sat": [["09:00", "12:00"], ["11:00", "13:00"]]}, "sat.1"),
        ({"sat": [["11:00", "13:00"], ["09:00", "12:00"]]}, "sat.0"),
    ],
)
def test_a_fault_is_refused_with_its_place(value, field):
    with pytest.raises(InvalidInput) as refused:
        WeeklyHours.parse(value)

    assert refused.value.field == field
    assert field in str(refused.value)


def test_the_typical_day_is_the_commonest_length():
    weekly = WeeklyHours.parse({"mon": OFFICE, "tue": OFFICE, "sat": [["09:00", "12:00"]]})

    assert weekly.typical_day == timedelta(hours=8)


def test_of_equally_common_lengths_the_longest_is_typical():
    weekly = WeeklyHours.parse({"mon": [["09:00", "12:00"]], "tue": OFFICE})

    assert weekly.typical_day == timedelta(hours=8)


def test_hours_that_never_open_have_no_typical_day():
    assert WeeklyHours.parse({}).typical_day == timedelta(0)
