"""Periods: their days, their instants in a zone, and what is said about a period that cannot be read."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from alignment.kernel.errors import InvalidInput
from alignment.kernel.periods import Period

TOKYO = ZoneInfo("Asia/Tokyo")


def period(start: str, end: str) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end))


PERIODS = st.builds(
    lambda start, days: Period(start, start + timedelta(days=days)),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.integers(1, 800),
)


@pytest.mark.parametrize(
    ("made", "start", "end"),
    [
        (Period.month("2026-04"), "2026-04-01", "2026-05-01"),
        (Period.month("2026-12"), "2026-12-01", "2027-01-01"),
        (Period.month_of(date(2028, 2, 29)), "2028-02-01", "2028-03-01"),
        (Period.week_of(date(2026, 4, 12)), "2026-04-06", "2026-04-13"),
        (Period.week_of(date(2026, 4, 12), first_weekday=6), "2026-04-12", "2026-04-19"),
        (Period.fiscal_year(2026), "2026-04-01", "2027-04-01"),
        (Period.fiscal_year(2026, start_month=1), "2026-01-01", "2027-01-01"),
        (Period.fiscal_year_of(date(2027, 3, 31)), "2026-04-01", "2027-04-01"),
        (Period.fiscal_year_of(date(2027, 4, 1)), "2027-04-01", "2028-04-01"),
        (Period.quarter(2026, 1), "2026-04-01", "2026-07-01"),
        (Period.quarter(2026, 4), "2027-01-01", "2027-04-01"),
    ],
)
def test_a_period_is_made_from_its_name(made, start, end):
    assert made == period(start, end)


def test_the_end_does_not_belong_to_it():
    april = Period.month("2026-04")

    assert april.contains(date(2026, 4, 1))
    assert april.contains(april.last)
    assert not april.contains(date(2026, 5, 1))
    assert (april.days, april.last) == (30, date(2026, 4, 30))


def test_an_instant_is_not_a_day():
    with pytest.raises(TypeError):
        Period.month("2026-04").contains(datetime(2026, 4, 1, tzinfo=UTC))


@pytest.mark.parametrize("end", ["2026-04-01", "2026-03-31"])
def test_an_empty_period_is_a_mistake(end):
    with pytest.raises(ValueError, match="ends after"):
        period("2026-04-01", end)


def test_bounds_are_the_midnights_of_the_zone_in_utc():
    start, end = Period.month("2026-04").bounds(TOKYO)

    assert start == datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert end == datetime(2026, 4, 30, 15, tzinfo=UTC)
    assert start.tzinfo is end.tzinfo is UTC


def test_a_month_in_which_clocks_change_is_an_hour_short():
    start, end = Period.month("2026-03").bounds(ZoneInfo("Europe/Berlin"))

    assert end - start == timedelta(days=31, hours=-1)


@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00"),  # clocks skip from 00:00 to 01:00
        ("America/Havana", "2026-11-01", "2026-11-01T04:00"),  # 00:00 comes twice: the first
    ],
)
def test_a_day_begins_at_its_first_instant_where_midnight_is_odd(zone, day, first):
    start, _end = period(day, "2026-12-01").bounds(ZoneInfo(zone))

    assert start == datetime.fromisoformat(first).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (Period.month("2026-03"), Period.month("2026-02")),
        (Period.month("2026-01"), Period.month("2025-12")),
        (Period.quarter(2026, 1), Period.quarter(2025, 4)),
        (Period.fiscal_year(2026), Period.fiscal_year(2025)),
        (period("2026-04-06", "2026-04-13"), period("2026-03-30", "2026-04-06")),
        (period("2026-04-01", "2026-04-16"), period("2026-03-17", "2026-04-01")),
    ],
)
def test_the_period_before_is_of_the_same_kind(now, before):
    assert now.previous() == before


def test_months_are_cut_at_the_ends():
    assert list(period("2026-01-15", "2026-03-10").months()) == [
        period("2026-01-15", "2026-02-01"),
        Period.month("2026-02"),
        period("2026-03-01", "2026-03-10"),
    ]


def test_years_are_cut_at_the_ends():
    assert list(period("2024-02-15", "2026-01-02").years()) == [
        period("2024-02-15", "2025-01-01"),
        period("2025-01-01", "2026-01-01"),
        period("2026-01-01", "2026-01-02"),
    ]
    assert list(period("2025-01-01", "2026-01-01").years()) == [period("2025-01-01", "2026-01-01")]


def test_weeks_start_on_monday_and_are_cut_at_the_ends():
    weeks = list(Period.month("2026-04").weeks())

    assert weeks[0] == period("2026-04-01", "2026-04-06")
    assert weeks[1] == period("2026-04-06", "2026-04-13")
    assert [week.days for week in weeks] == [5, 7, 7, 7, 4]


@given(PERIODS, st.integers(0, 6))
def test_months_and_weeks_are_the_period_again(whole, weekday):
    assert whole.month_count == len(list(whole.months()))
    for parts in (list(whole.months()), list(whole.years()), list(whole.weeks(first_weekday=weekday))):
        assert parts[0].start == whole.start
        assert parts[-1].end == whole.end
        assert all(part.end == after.start for part, after in pairwise(parts))
    assert all(Period.month_of(part.start) == Period.month_of(part.last) for part in whole.months())
    assert all(part.start.weekday() == weekday for part in list(whole.weeks(first_weekday=weekday))[1:])
    assert all(part.days <= 7 for part in whole.weeks(first_weekday=weekday))


@given(PERIODS)
def test_the_period_before_ends_where_it_starts(whole):
    assert whole.previous().end == whole.start


def test_the_key_of_a_month_is_short():
    assert Period.month("2026-04").key == "2026-04"
    assert period("2026-04-01", "2026-04-16").key == "2026-04-01/2026-04-16"


def test_the_label_follows_the_language():
    assert Period.quarter(2026, 1).label("ja") == "2026年度(2026/4–2027/3)第1四半期"
    assert Period.quarter(2026, 1, start_month=1).label("en", fiscal_start=1) == "FY2026 (Jan 2026–Dec 2026) Q1"
    with translation.override("ja"):
        assert Period.month("2026-04").label() == "2026年4月"


def test_query_values_are_read():
    assert Period.parse("2017-06-01", "2018-06-01") == period("2017-06-01", "2018-06-01")


@pytest.mark.parametrize(
    ("start", "end", "field", "said"),
    [
        (None, "2018-06-01", "from", "missing"),
        ("2017-06-01", "", "to", "missing"),
        ("2017-6-1", "2018-06-01", "from", "2017-6-1"),
        ("20170601", "2018-06-01", "from", "20170601"),
        ("２０１７-06-01", "2018-06-01", "from", "２０１７-06-01"),
        ("2017-06-01", "2018-06-31", "to", "2018-06-31"),
        ("0001-01-01", "2018-06-01", "from", "0001-01-01"),
        ("2017-06-01", "9999-12-31", "to", "9999-12-31"),
        ("2017-06-01", "2017-06-01", "to", "after"),
        ("2017-06-01\n", "2018-06-01", "from", "not a date"),
    ],
)
def test_query_values_that_make_no_period_are_refused(start, end, field, said):
    with pytest.raises(InvalidInput) as refused:
        Period.parse(start, end)

    assert refused.value.field == field
    assert said in str(refused.value)


@pytest.mark.parametrize("day", ["0500-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_date_out_of_reach_is_refused_with_what_is_within(day):
    for start, end, field in ((day, "2026-04-01", "from"), ("2026-03-01", day, "to")):
        with pytest.raises(InvalidInput, match="from 1900-01-01 to 2199-12-31") as refused:
            Period.parse(start, end)
        assert refused.value.field == field


@pytest.mark.parametrize("key", ["", "2026", "2026-4", "2026-13", "2026-00", "0000-04", "2026-04-01", "2026-04\n"])
def test_a_month_that_cannot_be_read_is_refused(key):
    with pytest.raises(InvalidInput) as refused:
        Period.month(key)

    assert refused.value.field == "month"
