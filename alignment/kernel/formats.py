"""Dates, lengths, numbers and money as people read them, in Japanese and English; used by pages, charts,
documents and mails alike.

Every function takes ``language`` ("ja" or "en", default: the active one; any other reads as English) and
answers "–" for None. Instants must be aware and are shown in ``zone`` (default: the active one).
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

import phonenumbers
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_decimal, get_currency_name, get_currency_precision, get_currency_symbol
from django.utils import timezone, translation

NOTHING = "–"

Number = int | float | Decimal

_WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "date": "y/MM/dd(E)",
        "short_date": "M/d",
        "long_date": "y年M月d日(E)",
        "month": "y年M月",
        "month_of_range": "y/M",
        "week": "M/d週",
        "year_name": "{year}年度({months})",
        "quarter": "{year}第{number}四半期",
        "day": "{n}日",
        "working_day": "{n}営業日",
        "hour": "{n}時間",
        "minute": "{n}分",
        "next_unit": "",
        "moment": "1分未満",
        "left": "残り{time}",
        "overdue": "{time}超過",
        "rate": "{percent}({numerator}/{denominator}件)",
        "points": "{n}ポイント",
    },
    "en": {
        "date": "MMM d, y (E)",
        "short_date": "MMM d",
        "long_date": "MMMM d, y (E)",
        "month": "MMM y",
        "month_of_range": "MMM y",
        "week": "'week of' MMM d",
        "year_name": "FY{year} ({months})",
        "quarter": "{year} Q{number}",
        "day": "{n} days",
        "working_day": "{n} business days",
        "hour": "{n} h",
        "minute": "{n} min",
        "next_unit": " ",
        "moment": "under 1 min",
        "left": "{time} left",
        "overdue": "{time} overdue",
        "rate": "{percent} ({numerator} of {denominator})",
        "points": "{n} pt",
    },
}
_ONE = {"day": "1 day", "working_day": "1 business day"}  # English; Japanese has no plural

_SCALES: dict[str, list[tuple[Decimal, str]]] = {
    "ja": [(Decimal(1), ""), (Decimal(10**4), "万"), (Decimal(10**8), "億"), (Decimal(10**12), "兆")],
    "en": [(Decimal(1), ""), (Decimal(10**3), "K"), (Decimal(10**6), "M"), (Decimal(10**9), "B")],
}
_ROUNDING = Context(prec=400, rounding=ROUND_HALF_UP)  # wide enough for any float
_TOP = {"ja": 10_000, "en": 1_000}  # from here on the next unit reads better


def date(
    value: dt.date | None, *, long: bool = False, zone: dt.tzinfo | None = None, language: str | None = None
) -> str:
    """2026/04/01(水), long 2026年4月1日(水); Apr 1, 2026 (Wed). Of an instant: its date in ``zone``."""
    if value is None:
        return NOTHING
    day = _local(value, zone).date() if isinstance(value, dt.datetime) else value
    return _dated(day, "long_date" if long else "date", _language(language))


def short_date(value: dt.date | None, *, today: dt.date, language: str | None = None) -> str:
    """12/24; Dec 24. In another year than ``today``: the whole date."""
    if value is None:
        return NOTHING
    if value.year != today.year:
        return date(value, language=language)
    return _dated(value, "short_date", _language(language))


def time(
    value: dt.datetime | None,
    *,
    zone: dt.tzinfo | None = None,
    home: dt.tzinfo | None = None,
    language: str | None = None,
) -> str:
    """09:05 on a 24-hour clock; with the city of ``zone`` where its time differs from that of ``home``."""
    if value is None:
        return NOTHING
    local = _local(value, zone)
    text = f"{local:%H:%M}"
    if home is None or local.utcoffset() == value.astimezone(home).utcoffset():
        return text
    city = get_timezone_location(local.tzinfo, locale=_language(language), return_city=True)
    return f"{text} ({city})"


def datetime(
    value: dt.datetime | None,
    *,
    zone: dt.tzinfo | None = None,
    home: dt.tzinfo | None = None,
    language: str | None = None,
) -> str:
    """2026/04/01(水) 09:05; Apr 1, 2026 (Wed) 09:05. See ``time`` for ``home``."""
    if value is None:
        return NOTHING
    return f"{date(value, zone=zone, language=language)} {time(value, zone=zone, home=home, language=language)}"


def duration(
    value: dt.timedelta | None, *, working_day: dt.timedelta | None = None, language: str | None = None
) -> str:
    """3時間20分; 3 h 20 min. At most two neighbouring units, cut off, without a sign.

    Of business time give ``working_day``, the length of one (``WeeklyHours.typical_day``), to read
    2営業日3時間; without it days have 24 hours.
    """
    if value is None:
        return NOTHING
    language, value = _language(language), abs(value)
    days, rest = divmod(value, working_day or dt.timedelta(days=1))
    hours, minutes = divmod(rest // dt.timedelta(minutes=1), 60)
    parts = [("working_day" if working_day else "day", days), ("hour", hours), ("minute", minutes)]
    first = next((index for index, (_unit, count) in enumerate(parts) if count), None)
    if first is None:
        return _WORDS[language]["moment"] if value else _counted("minute", 0, language)
    said = [_counted(unit, count, language) for unit, count in parts[first : first + 2] if count]
    return _WORDS[language]["next_unit"].join(said)


def time_left(
    remaining: dt.timedelta | None, *, working_day: dt.timedelta | None = None, language: str | None = None
) -> str:
    """残り3時間20分; 3 h 20 min left. A negative rest is overdue: 3時間20分超過; 3 h 20 min overdue."""
    if remaining is None:
        return NOTHING
    words = _WORDS[_language(language)]
    said = duration(remaining, working_day=working_day, language=language)
    return words["overdue" if remaining < dt.timedelta(0) else "left"].format(time=said)


def days(count: Number | None, *, language: str | None = None) -> str:
    """48.4日; 48.4 days: calendar days, at most one decimal."""
    return NOTHING if count is None else _counted("day", _rounded(count, 1), _language(language))


def number(value: Number | None, *, decimals: int = 3, language: str | None = None) -> str:
    """12,345.5: grouped, with at most ``decimals`` places."""
    if value is None:
        return NOTHING
    return _grouped(_rounded(value, decimals), "#,##0." + "#" * decimals, _language(language))


def percent(fraction: Number | None, *, language: str | None = None) -> str:
    """A fraction as 10.5%, always one decimal."""
    if fraction is None:
        return NOTHING
    return _grouped(_rounded(_decimal(fraction) * 100, 1), "#,##0.0", _language(language)) + "%"


def rate(numerator: int | None, denominator: int | None, *, language: str | None = None) -> str:
    """10.5%(84/800件); 10.5% (84 of 800). Of nothing there is no rate: –."""
    if numerator is None or not denominator:
        return NOTHING
    language = _language(language)
    return _WORDS[language]["rate"].format(
        percent=percent(Decimal(numerator) / denominator, language=language),
        numerator=number(numerator, language=language),
        denominator=number(denominator, language=language),
    )


def points(change: Number | None, *, language: str | None = None) -> str:
    """The change of a fraction in percentage points: +2.1ポイント; −0.4 pt; ±0.0 pt."""
    if change is None:
        return NOTHING
    language = _language(language)
    value = _rounded(_decimal(change) * 100, 1)
    sign = "+" if value > 0 else "" if value < 0 else "±"
    return _WORDS[language]["points"].format(n=sign + _grouped(value, "#,##0.0", language))


def interval(low: Number | None, high: Number | None, *, language: str | None = None) -> str:
    """An interval of fractions: 45.0–59.2%."""
    if low is None or high is None:
        return NOTHING
    return f"{percent(low, language=language).removesuffix('%')}–{percent(high, language=language)}"


def money(amount: Number | None, *, currency: str = "JPY", language: str | None = None) -> str:
    """For a tile, short: 1,235万円, 12.3億円; ¥12.3M, ¥1.23B."""
    if amount is None:
        return NOTHING
    language = _language(language)
    value = _decimal(amount)
    short = _compact(abs(value), language, precision=get_currency_precision(currency))
    sign = "−" if value < 0 and short.strip("0.") else ""
    if language == "ja":
        return sign + short + money_unit(currency, language=language)
    symbol = get_currency_symbol(currency, language)
    return sign + symbol + ("\N{NO-BREAK SPACE}" if symbol.isalpha() else "") + short


def money_exact(amount: Number | None, *, currency: str = "JPY", language: str | None = None) -> str:
    """For a table, whose header has ``money_unit``: 12,345,678, never shortened."""
    if amount is None:
        return NOTHING
    places = get_currency_precision(currency)
    return _grouped(_rounded(amount, places), "#,##0." + "0" * places, _language(language))


def money_unit(currency: str = "JPY", *, language: str | None = None) -> str:
    """円; JPY."""
    language = _language(language)
    if language != "ja":
        return currency
    return "円" if currency == "JPY" else get_currency_name(currency, locale=language)


def phone(number: str, *, country: str = "JP") -> str:
    """A stored number as people in ``country`` dial it: 03-7855-4464; from elsewhere with its country: +1 212-555-0123.

    What is no number is shown as it was written.
    """
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    is_home = parsed.country_code == phonenumbers.country_code_for_region(country or "JP")
    shape = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, shape.NATIONAL if is_home else shape.INTERNATIONAL)


def period(start: dt.date, end: dt.date, *, fiscal_start: int = 4, language: str | None = None) -> str:
    """A period, ``end`` exclusive: 2026年度(2026/4–2027/3)第1四半期; FY2026 (Apr 2026–Mar 2027) Q1.

    A fiscal year is named by the year in which it starts. Months: 2026年4月; Apr 2026. Weeks from Monday:
    4/6週; week of Apr 6. Anything else by its first and last day or month.
    """
    language = _language(language)
    if start.day == 1 and end.day == 1:
        return _months(start, (end.year - start.year) * 12 + end.month - start.month, fiscal_start, language)
    last = end - dt.timedelta(days=1)
    if last == start:
        return date(start, language=language)
    if start.weekday() == 0 and end - start == dt.timedelta(days=7):
        return _dated(start, "week", language)
    return f"{date(start, language=language)}–{date(last, language=language)}"


def _months(start: dt.date, count: int, fiscal_start: int, language: str) -> str:
    since = (start.month - fiscal_start) % 12
    if count == 1:
        return _dated(start, "month", language)
    if not ((count == 12 and since == 0) or (count == 3 and since % 3 == 0)):
        return _month_range(start, count, language)
    first = _later(start, -since)
    year = _WORDS[language]["year_name"].format(year=first.year, months=_month_range(first, 12, language))
    return year if count == 12 else _WORDS[language]["quarter"].format(year=year, number=since // 3 + 1)


def _month_range(start: dt.date, count: int, language: str) -> str:
    last = _later(start, count - 1)
    return f"{_dated(start, 'month_of_range', language)}–{_dated(last, 'month_of_range', language)}"


def _later(first: dt.date, months: int) -> dt.date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


def _compact(value: Decimal, language: str, *, precision: int) -> str:
    """Three significant digits, more only before the point, with the unit that keeps them few."""
    for size, unit in _SCALES[language]:
        scaled = value / size
        places = (precision if scaled % 1 else 0) if not unit else 2 if scaled < 10 else 1 if scaled < 100 else 0
        shown = _rounded(scaled, places)
        if shown < _TOP[language] or unit == _SCALES[language][-1][1]:
            break
    pattern = "#,##0." + ("0" if not unit else "#") * places
    return _grouped(shown, pattern, language) + unit


def _counted(unit: str, count: Number, language: str) -> str:
    if language == "en" and count == 1 and unit in _ONE:
        return _ONE[unit]
    return _WORDS[language][unit].format(n=number(count, language=language))


def _dated(day: dt.date, pattern: str, language: str) -> str:
    return format_date(day, format=_WORDS[language][pattern], locale=language)


def _grouped(value: Decimal, pattern: str, language: str) -> str:
    with localcontext(_ROUNDING):
        return format_decimal(value, format=pattern, locale=language).replace("-", "−")


def _rounded(value: Number, places: int) -> Decimal:
    rounded = _decimal(value).quantize(Decimal(1).scaleb(-places), context=_ROUNDING)
    return rounded or abs(rounded)  # never minus nothing


def _decimal(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _local(value: dt.datetime, zone: dt.tzinfo | None) -> dt.datetime:
    if value.utcoffset() is None:
        raise ValueError("a time is shown in a zone, so it must be aware")
    return value.astimezone(zone or timezone.get_current_timezone())


def _language(language: str | None) -> str:
    short = (language or translation.get_language() or "en")[:2].lower()
    return short if short in _WORDS else "en"
