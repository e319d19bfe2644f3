"""What people read, in both languages, at the edges of rounding and grammar."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from alignment.kernel import formats

TOKYO, NEW_YORK = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
MORNING = dt.datetime(2026, 4, 1, 9, 5, tzinfo=TOKYO)
DAY = dt.date(2026, 4, 1)


def both(show, *args, **options):
    """The Japanese and the English reading."""
    return tuple(show(*args, language=language, **options) for language in ("ja", "en"))


def long(**units):
    return dt.timedelta(**units)


def test_a_date_has_its_weekday():
    assert both(formats.date, DAY) == ("2026/04/01(水)", "Apr 1, 2026 (Wed)")


def test_a_long_date():
    assert both(formats.date, DAY, long=True) == ("2026年4月1日(水)", "April 1, 2026 (Wed)")


def test_a_time_is_on_the_24_hour_clock():
    assert both(formats.time, MORNING, zone=TOKYO) == ("09:05", "09:05")


def test_an_instant_is_shown_with_date_and_time():
    assert both(formats.datetime, MORNING, zone=TOKYO) == ("2026/04/01(水) 09:05", "Apr 1, 2026 (Wed) 09:05")


def test_the_zone_is_named_where_it_differs_from_home():
    assert both(formats.datetime, MORNING, zone=NEW_YORK, home=TOKYO) == (
        "2026/03/31(火) 20:05 (ニューヨーク)",
        "Mar 31, 2026 (Tue) 20:05 (New York)",
    )


@pytest.mark.parametrize("zone", [TOKYO, ZoneInfo("Asia/Seoul")])
def test_the_zone_is_not_named_where_clocks_agree(zone):
    assert both(formats.time, MORNING, zone=zone, home=TOKYO) == ("09:05", "09:05")


def test_the_date_of_an_instant_is_the_date_in_the_zone():
    assert formats.date(MORNING, zone=NEW_YORK, language="en") == "Mar 31, 2026 (Tue)"


def test_a_naive_instant_is_a_mistake():
    with pytest.raises(ValueError, match="aware"):
        formats.time(dt.datetime(2026, 4, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("value", "ja", "en"),
    [
        (long(hours=3, minutes=20), "3時間20分", "3 h 20 min"),
        (long(hours=3, minutes=20, seconds=59), "3時間20分", "3 h 20 min"),
        (long(hours=3), "3時間", "3 h"),
        (long(minutes=20), "20分", "20 min"),
        (long(seconds=59), "1分未満", "under 1 min"),
        (long(), "0分", "0 min"),
        (long(days=1, hours=1, minutes=1), "1日1時間", "1 day 1 h"),
        (long(days=2, minutes=20), "2日", "2 days"),
        (long(days=1000), "1,000日", "1,000 days"),
        (-long(hours=1), "1時間", "1 h"),
    ],
)
def test_a_length_has_two_units_at_most(value, ja, en):
    assert both(formats.duration, value) == (ja, en)


@pytest.mark.parametrize(
    ("value", "ja", "en"),
    [
        (long(hours=16), "2営業日", "2 business days"),
        (long(hours=11, minutes=30), "1営業日3時間", "1 business day 3 h"),
        (long(hours=7, minutes=59), "7時間59分", "7 h 59 min"),
    ],
)
def test_business_time_is_counted_in_working_days(value, ja, en):
    assert both(formats.duration, value, working_day=long(hours=8)) == (ja, en)


@pytest.mark.parametrize(
    ("remaining", "ja", "en"),
    [
        (long(hours=3, minutes=20), "残り3時間20分", "3 h 20 min left"),
        (long(seconds=30), "残り1分未満", "under 1 min left"),
        (-long(hours=3, minutes=20), "3時間20分超過", "3 h 20 min overdue"),
        (-long(seconds=1), "1分未満超過", "under 1 min overdue"),
    ],
)
def test_time_left_turns_into_time_overdue(remaining, ja, en):
    assert both(formats.time_left, remaining) == (ja, en)


def test_time_left_in_working_days():
    assert both(formats.time_left, long(hours=16), working_day=long(hours=8)) == (
        "残り2営業日",
        "2 business days left",
    )


def test_calendar_days_may_have_a_decimal():
    assert both(formats.days, 48.4375) == ("48.4日", "48.4 days")
    assert both(formats.days, 14.0) == ("14日", "14 days")
    assert both(formats.days, 1) == ("1日", "1 day")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (8000, "8,000"),
        (0.5, "0.5"),
        (48.4375, "48.438"),
        (-1234.5, "−1,234.5"),
        (-0.0001, "0"),
        (10**30, "1" + ",000" * 10),
    ],
)
def test_numbers_are_grouped(value, shown):
    assert both(formats.number, value) == (shown, shown)


def test_a_rate_keeps_its_numerator_and_denominator():
    assert both(formats.rate, 84, 800) == ("10.5%(84/800件)", "10.5% (84 of 800)")
    assert both(formats.rate, 842, 8000) == ("10.5%(842/8,000件)", "10.5% (842 of 8,000)")


def test_a_rate_of_nothing_is_no_value():
    assert both(formats.rate, 0, 0) == ("–", "–")


def test_a_rate_of_none_of_some_is_zero():
    assert both(formats.rate, 0, 5) == ("0.0%(0/5件)", "0.0% (0 of 5)")


def test_halves_are_rounded_up():
    assert formats.percent(0.1245, language="en") == "12.5%"


@pytest.mark.parametrize(
    ("change", "ja", "en"),
    [
        (0.021, "+2.1ポイント", "+2.1 pt"),
        (Decimal("-0.004"), "−0.4ポイント", "−0.4 pt"),
        (-0.0001, "±0.0ポイント", "±0.0 pt"),
    ],
)
def test_the_change_of_a_rate_is_in_points(change, ja, en):
    assert both(formats.points, change) == (ja, en)


def test_an_interval_has_one_percent_sign():
    assert both(formats.interval, 0.45, 0.592) == ("45.0–59.2%", "45.0–59.2%")


@pytest.mark.parametrize(
    ("amount", "ja", "en"),
    [
        (12_345_678, "1,235万円", "¥12.3M"),
        (1_230_000_000, "12.3億円", "¥1.23B"),
        (123_456_789_000, "1,235億円", "¥123B"),
        (9_999, "9,999円", "¥10K"),
        (999, "999円", "¥999"),
        (99_999_999, "1億円", "¥100M"),
        (999_999, "100万円", "¥1M"),
        (10**15, "1,000兆円", "¥1,000,000B"),
        (-12_345, "−1.23万円", "−¥12.3K"),
        (Decimal("-0.4"), "0円", "¥0"),
        (0, "0円", "¥0"),
    ],
)
def test_money_on_a_tile_is_short(amount, ja, en):
    assert both(formats.money, amount) == (ja, en)


@pytest.mark.parametrize(
    ("amount", "currency", "ja", "en"),
    [
        (12_345_678, "USD", "1,235万米ドル", "$12.3M"),
        (Decimal("12.5"), "USD", "12.50米ドル", "$12.50"),
        (12, "USD", "12米ドル", "$12"),
        (12_345, "EUR", "1.23万ユーロ", "€12.3K"),
        (500, "CHF", "500スイス フラン", "CHF\N{NO-BREAK SPACE}500"),
    ],
)
def test_money_of_other_currencies(amount, currency, ja, en):
    assert both(formats.money, amount, currency=currency) == (ja, en)


def test_money_in_a_table_is_exact_and_its_header_has_the_unit():
    assert both(formats.money_exact, 12_345_678) == ("12,345,678", "12,345,678")
    assert both(formats.money_exact, Decimal("12.5"), currency="USD") == ("12.50", "12.50")
    assert both(formats.money_unit) == ("円", "JPY")


@pytest.mark.parametrize(
    ("start", "end", "ja", "en"),
    [
        ("2026-04-01", "2026-07-01", "2026年度(2026/4–2027/3)第1四半期", "FY2026 (Apr 2026–Mar 2027) Q1"),
        ("2027-01-01", "2027-04-01", "2026年度(2026/4–2027/3)第4四半期", "FY2026 (Apr 2026–Mar 2027) Q4"),
        ("2026-04-01", "2027-04-01", "2026年度(2026/4–2027/3)", "FY2026 (Apr 2026–Mar 2027)"),
        ("2026-04-01", "2026-05-01", "2026年4月", "Apr 2026"),
        ("2026-01-01", "2027-01-01", "2026/1–2026/12", "Jan 2026–Dec 2026"),
        ("2026-05-01", "2026-08-01", "2026/5–2026/7", "May 2026–Jul 2026"),
        ("2026-04-06", "2026-04-13", "4/6週", "week of Apr 6"),
        ("2026-04-07", "2026-04-14", "2026/04/07(火)–2026/04/13(月)", "Apr 7, 2026 (Tue)–Apr 13, 2026 (Mon)"),
        ("2026-04-01", "2026-04-02", "2026/04/01(水)", "Apr 1, 2026 (Wed)"),
    ],
)
def test_a_period_prints_its_months(start, end, ja, en):
    assert both(formats.period, dt.date.fromisoformat(start), dt.date.fromisoformat(end)) == (ja, en)


def test_the_fiscal_year_may_start_in_january():
    year = formats.period(dt.date(2026, 1, 1), dt.date(2027, 1, 1), fiscal_start=1, language="en")

    assert year == "FY2026 (Jan 2026–Dec 2026)"


@pytest.mark.parametrize(
    "show",
    [
        formats.date,
        formats.time,
        formats.datetime,
        formats.duration,
        formats.time_left,
        formats.days,
        formats.number,
        formats.percent,
        formats.points,
        formats.money,
        formats.money_exact,
    ],
)
def test_no_value_is_a_dash(show):
    assert both(show, None) == ("–", "–")


def test_half_an_interval_or_rate_is_no_value():
    assert formats.interval(None, 0.5) == formats.interval(0.5, None) == "–"
    assert formats.rate(None, 5) == formats.rate(5, None) == "–"


def test_language_and_zone_are_the_active_ones_by_default():
    with translation.override("ja"), timezone.override(NEW_YORK):
        assert formats.datetime(MORNING) == "2026/03/31(火) 20:05"
    with translation.override("en"), timezone.override(TOKYO):
        assert formats.datetime(MORNING) == "Apr 1, 2026 (Wed) 09:05"


@pytest.mark.parametrize("language", ["ja-JP", "ja_JP", "JA"])
def test_regional_codes_read_as_their_language(language):
    assert formats.days(2, language=language) == "2日"


@pytest.mark.parametrize("language", ["fr", "en-gb"])
def test_other_languages_read_as_english(language):
    assert formats.days(2, language=language) == "2 days"


@pytest.mark.parametrize(
    ("number", "country", "shown"),
    [
        ("+81378554464", "JP", "03-7855-4464"),
        ("+81378554464", "", "03-7855-4464"),
        ("+81378554464", "US", "+81 3-7855-4464"),
        ("+14155550123", "US", "(415) 555-0123"),
        ("+14155550123", "JP", "+1 415-555-0123"),
        ("ext. 12", "JP", "ext. 12"),
        ("", "JP", ""),
    ],
)
def test_a_number_is_written_as_it_is_dialled_in_the_country(number, country, shown):
    assert formats.phone(number, country=country) == shown


@pytest.mark.parametrize(
    ("day", "ja", "en"),
    [
        (dt.date(2026, 12, 24), "12/24", "Dec 24"),
        (dt.date(2027, 1, 8), "2027/01/08(金)", "Jan 8, 2027 (Fri)"),
        (None, "–", "–"),
    ],
)
def test_a_short_date_has_its_year_only_where_it_is_another(day, ja, en):
    today = dt.date(2026, 11, 23)

    assert formats.short_date(day, today=today, language="ja") == ja
    assert formats.short_date(day, today=today, language="en") == en
