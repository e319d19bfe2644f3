"""Long lists to choose from, in the reader's language."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

import holidays
from babel import Locale
from babel.dates import get_timezone_location
from babel.numbers import get_currency_name
from django.utils.translation import get_language, gettext

Choices = list[tuple[str, str]]

_ASIA = ("JPY", "CNY", "KRW", "TWD", "HKD", "SGD", "THB", "VND", "IDR", "MYR", "PHP", "INR", "AED")
_ELSEWHERE = ("USD", "EUR", "GBP", "AUD", "NZD", "CAD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "BRL", "MXN", "ZAR")
CURRENCIES = (*_ASIA, *_ELSEWHERE)
_REGIONS = frozenset({"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"})


def time_zones() -> Choices:
    """All zones by the name of their city."""
    return _time_zones(_language())


def currencies() -> Choices:
    """Currencies by their own names."""
    return [(code, f"{code} – {get_currency_name(code, locale=_language())}") for code in CURRENCIES]


def holiday_countries() -> Choices:
    """Countries whose public holidays are known."""
    return [("", gettext("none: only our own days")), *_countries(_language())]


def months() -> Choices:
    """The months by name."""
    names = Locale(_language()).months["stand-alone"]["wide"]
    return [(str(number), names[number]) for number in range(1, 13)]


@lru_cache(maxsize=4)
def _time_zones(language: str) -> Choices:
    known = sorted(name for name in available_timezones() if name.split("/")[0] in _REGIONS)
    return [("UTC", "UTC"), *((name, f"{name} – {_city(name, language)}") for name in known)]


def _city(zone: str, language: str) -> str:
    return str(get_timezone_location(zone, locale=language, return_city=True))


@lru_cache(maxsize=4)
def _countries(language: str) -> Choices:
    names = Locale(language).territories
    found = ((code, names.get(code, code)) for code in holidays.list_supported_countries() if len(code) == 2)
    return sorted(found, key=lambda item: (item[0] != "JP", item[1]))


def _language() -> str:
    return (get_language() or "en").split("-")[0]
