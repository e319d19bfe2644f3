"""Business time: worked examples, and every answer against a reference that asks minute by minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alignment.kernel.calendar import (
    LONGEST_REACH,
    BusinessCalendar,
    NoOpenTime,
    WeeklyHours,
    closed_days,
    holiday_name,
    japanese_holidays,
)
from tests.kernel.test_hours import weekly_json

TOKYO, NEW_YORK, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = WeeklyHours.parse({day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in WORKDAYS})
ALWAYS = WeeklyHours.parse({day: [["00:00", "24:00"]] for day in (*WORKDAYS, "sat", "sun")})


def never(day: date) -> bool:
    return False


def at(text: str, zone: ZoneInfo = TOKYO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def night(zone: ZoneInfo, start: str, end: str) -> BusinessCalendar:
    """A calendar open on Sundays only, when clocks change."""
    return BusinessCalendar(zone, WeeklyHours.parse({"sun": [[start, end]]}), never)


@pytest.fixture
def office() -> BusinessCalendar:
    return BusinessCalendar(TOKYO, OFFICE, japanese_holidays())


# The reference: an instant is open when the wall clock shows an open minute of an open day.


def shown_open(calendar: BusinessCalendar, instant: datetime) -> bool:
    wall = instant.astimezone(calendar.zone)
    day, minute = wall.date(), wall.hour * 60 + wall.minute
    if calendar.closed(day) or any(first <= day <= last for first, last in calendar.absent):
        return False
    return any(start <= minute < end for start, end in calendar.weekly.days[day.weekday()])


def minutes_between(start: datetime, end: datetime) -> list[datetime]:
    return [start + n * MINUTE for n in range(int((end - start) / MINUTE))]


# Around the two changes of clock in each zone and an ordinary week.
CHANGES = {
    TOKYO: ["2026-03-20", "2026-05-01"],
    NEW_YORK: ["2026-03-07", "2026-10-31"],
    BERLIN: ["2026-03-28", "2026-10-24"],
}


@st.composite
def calendars(draw):
    """A calendar with a UTC instant near a change of its clocks."""
    zone = draw(st.sampled_from(sorted(CHANGES, key=str)))
    near = date.fromisoformat(draw(st.sampled_from(CHANGES[zone])))
    days = st.integers(-1, 5).map(lambda n: near + timedelta(days=n))
    closed = draw(st.sets(days, max_size=3))
    absent = draw(st.lists(st.tuples(days, days).map(sorted).map(tuple), max_size=1).map(tuple))
    calendar = BusinessCalendar(zone, WeeklyHours.parse(draw(weekly_json())), closed.__contains__, absent)
    start = datetime(near.year, near.month, near.day, tzinfo=UTC)
    return calendar, start + draw(st.integers(0, 2 * 1440)) * MINUTE


SPANS = st.integers(0, 2 * 1440).map(lambda n: n * MINUTE)


@settings(max_examples=300, deadline=None)
@given(calendars(), SPANS)
@example((night(NEW_YORK, "02:00", "02:30"), at("2026-03-08T00:00", UTC)), 24 * HOUR)
@example((night(NEW_YORK, "02:30", "04:00"), at("2026-03-08T00:00", UTC)), 24 * HOUR)
@example((night(NEW_YORK, "01:30", "03:00"), at("2026-11-01T00:00", UTC)), 24 * HOUR)
@example((night(NEW_YORK, "01:15", "01:45"), at("2026-11-01T00:00", UTC)), 24 * HOUR)
@example((night(BERLIN, "00:00", "24:00"), at("2026-10-24T20:00", UTC)), 30 * HOUR)
def test_elapsed_time_is_the_number_of_open_minutes(case, span):
    calendar, start = case

    expected = sum(shown_open(calendar, minute) for minute in minutes_between(start, start + span))

    assert calendar.elapsed(start, start + span) == expected * MINUTE


@settings(max_examples=100, deadline=None)
@given(calendars(), SPANS)
def test_open_times_are_exactly_the_open_minutes_in_order(case, span):
    calendar, start = case

    found = list(calendar.intervals(start, start + span))

    minutes = [minute for opening, closing in found for minute in minutes_between(opening, closing)]
    assert minutes == [m for m in minutes_between(start, start + span) if shown_open(calendar, m)]
    assert all(before[1] < after[0] for before, after in pairwise(found))


@settings(max_examples=200, deadline=None)
@given(calendars())
def test_is_open_and_next_open_agree_with_the_reference(case):
    calendar, start = case
    week = minutes_between(start, start + timedelta(days=4))

    expected = next((minute for minute in week if shown_open(calendar, minute)), None)

    assert calendar.is_open(start) == shown_open(calendar, start)
    if expected:
        assert calendar.next_open(start) == expected


@settings(max_examples=200, deadline=None)
@example((night(NEW_YORK, "00:00", "00:01"), datetime(2026, 3, 7, tzinfo=UTC)), 3000 * MINUTE)
@given(calendars(), st.integers(1, 3000).map(lambda n: n * MINUTE))
def test_a_deadline_is_the_first_instant_with_the_whole_amount_behind_it(case, amount):
    calendar, start = case
    try:
        due = calendar.add(start, amount)
    except NoOpenTime:  # never opens, or so little that ten years do not hold the amount
        assert calendar.elapsed(start, start + LONGEST_REACH) < amount
        return

    assert calendar.elapsed(start, due) == amount
    assert calendar.elapsed(start, due - MINUTE) == amount - MINUTE


@settings(max_examples=200, deadline=None)
@given(calendars(), SPANS)
def test_adding_the_elapsed_time_never_passes_the_end(case, span):
    calendar, start = case
    passed = calendar.elapsed(start, start + span)

    assert calendar.add(start, passed) <= start + span


@settings(max_examples=200, deadline=None)
@given(calendars(), SPANS, SPANS)
def test_elapsed_time_adds_up_and_never_shrinks(case, one, two):
    calendar, start = case
    middle, end = start + one, start + one + two

    assert calendar.elapsed(start, middle) + calendar.elapsed(middle, end) == calendar.elapsed(start, end)
    assert timedelta(0) <= calendar.elapsed(start, middle) <= calendar.elapsed(start, end) <= one + two
    assert calendar.elapsed(end, start) == -calendar.elapsed(start, end)


@settings(max_examples=100, deadline=None)
@given(calendars(), st.integers(1, 2000), st.integers(0, 600), st.integers(0, 600))
def test_a_later_start_or_a_longer_duty_is_never_due_earlier(case, amount, more, later):
    calendar, start = case
    if not calendar.weekly.to_json():
        return
    due = calendar.add(start, amount * MINUTE)

    assert calendar.add(start, (amount + more) * MINUTE) >= due
    assert calendar.add(start + later * MINUTE, amount * MINUTE) >= due


# Worked examples.


def test_four_hours_from_the_morning_skip_lunch(office):
    due = office.add(at("2026-04-01T10:00"), 4 * HOUR)

    assert due == at("2026-04-01T15:00")
    assert due.tzinfo is UTC


def test_golden_week_2026_is_not_business_time(office):
    # 29 April and 3 to 5 May are holidays, 6 May is the substitute for Sunday the 3rd.
    due = office.add(at("2026-05-01T16:00"), 4 * HOUR)

    assert due == at("2026-05-07T11:00")
    assert office.elapsed(at("2026-04-28T18:00"), at("2026-05-07T09:00")) == 16 * HOUR


def test_the_days_between_two_holidays_in_september_2026_are_a_holiday(office):
    assert not office.is_open(at("2026-09-22T10:00"))


def test_the_turn_of_the_year_follows_the_company_days():
    company = {date(2026, 12, day) for day in (29, 30, 31)} | {date(2027, 1, day) for day in (1, 2, 3)}
    calendar = BusinessCalendar(TOKYO, OFFICE, closed_days("JP", closed=company, opened=set()))

    assert calendar.add(at("2026-12-28T17:00"), 2 * HOUR) == at("2027-01-04T10:00")


def test_a_holiday_that_the_company_works_is_open():
    calendar = BusinessCalendar(TOKYO, OFFICE, closed_days("JP", closed=set(), opened={date(2026, 4, 29)}))

    assert calendar.is_open(at("2026-04-29T10:00"))


def test_a_worked_saturday_without_hours_stays_closed():
    calendar = BusinessCalendar(TOKYO, OFFICE, closed_days("JP", closed=set(), opened={date(2026, 4, 4)}))

    assert not calendar.is_open(at("2026-04-04T10:00"))


def test_without_a_country_there_are_no_public_holidays():
    assert not closed_days("", closed=set(), opened=set())(date(2026, 1, 1))


def test_an_absence_includes_its_first_and_last_day():
    calendar = BusinessCalendar(TOKYO, OFFICE, never, absent=((date(2026, 4, 2), date(2026, 4, 3)),))

    assert calendar.add(at("2026-04-01T17:00"), 2 * HOUR) == at("2026-04-06T10:00")


def test_a_duty_that_ends_with_the_day_is_due_at_its_close(office):
    assert office.add(at("2026-04-01T17:00"), HOUR) == at("2026-04-01T18:00")


def test_no_amount_is_due_at_once_even_at_night(office):
    assert office.add(at("2026-04-01T23:00"), timedelta(0)) == at("2026-04-01T23:00")


def test_seconds_count(office):
    start = at("2026-04-01T11:59:59.500000")

    assert office.add(start, timedelta(seconds=1)) == at("2026-04-01T13:00:00.500000")


def test_the_closing_minute_is_closed(office):
    assert office.is_open(at("2026-04-01T09:00"))
    assert office.is_open(at("2026-04-01T17:59:59"))
    assert not office.is_open(at("2026-04-01T18:00"))


def test_round_the_clock_is_one_interval(office):
    calendar = BusinessCalendar(BERLIN, ALWAYS, never)
    start, end = at("2026-03-28T00:00", BERLIN), at("2026-03-31T00:00", BERLIN)

    assert list(calendar.intervals(start, end)) == [(start, end)]
    assert calendar.elapsed(start, end) == 71 * HOUR  # one of the three days has 23 hours


def test_the_night_shift_of_the_long_night_is_an_hour_longer():
    calendar = night(BERLIN, "01:00", "04:00")

    assert calendar.elapsed(at("2026-10-25T00:00", BERLIN), at("2026-10-25T12:00", BERLIN)) == 4 * HOUR
    assert calendar.elapsed(at("2026-03-29T00:00", BERLIN), at("2026-03-29T12:00", BERLIN)) == 2 * HOUR


def test_the_zone_decides_the_day():
    tokyo, new_york = (BusinessCalendar(zone, OFFICE, never) for zone in (TOKYO, NEW_YORK))
    instant = at("2026-04-06T09:00")  # Monday in Tokyo, still Sunday in New York

    assert tokyo.next_open(instant) == instant
    assert new_york.next_open(instant) == at("2026-04-06T09:00", NEW_YORK)


@pytest.mark.parametrize("ask", ["next_open", "add"])
def test_a_calendar_that_never_opens_says_so(ask):
    calendar = BusinessCalendar(TOKYO, WeeklyHours.parse({}), never)
    arguments = [HOUR] if ask == "add" else []

    with pytest.raises(NoOpenTime) as refused:
        getattr(calendar, ask)(at("2026-04-01T09:00"), *arguments)

    assert refused.value.code == "no_open_time"
    assert refused.value.http_status == 409


def test_an_absence_of_years_gives_no_deadline():
    calendar = BusinessCalendar(TOKYO, OFFICE, never, absent=((date(2026, 4, 2), date(2028, 4, 3)),))

    with pytest.raises(NoOpenTime):
        calendar.add(at("2026-04-01T17:00"), 2 * HOUR)


def test_a_deadline_beyond_ten_years_is_refused(office):
    with pytest.raises(NoOpenTime):
        office.add(at("2026-04-01T17:00"), timedelta(hours=50_000))


def test_an_amount_of_less_than_nothing_is_a_mistake(office):
    with pytest.raises(ValueError, match="negative"):
        office.add(at("2026-04-01T17:00"), -HOUR)


def test_a_naive_time_is_a_mistake(office):
    naive = datetime(2026, 4, 1, 9)  # noqa: DTZ001

    for ask in (
        office.is_open,
        office.next_open,
        lambda t: office.add(t, HOUR),
        lambda t: office.elapsed(t, t),
    ):
        with pytest.raises(ValueError, match="aware"):
            ask(naive)


@pytest.mark.parametrize(("language", "name"), [("ja", "昭和の日"), ("en", "Showa Day"), ("fr", "Showa Day")])
def test_a_holiday_has_its_name_in_both_languages(language, name):
    assert holiday_name(date(2026, 4, 29), language=language) == name


def test_other_days_have_no_holiday_name():
    assert holiday_name(date(2026, 4, 30), language="ja") is None


def test_a_country_names_its_holidays_in_a_language_it_has():
    assert holiday_name(date(2026, 10, 3), country="DE", language="en") == "German Unity Day"
    assert holiday_name(date(2026, 10, 3), country="DE", language="ja")
