"""Periods of whole days, the end exclusive; which instants they cover depends on the organisation's zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from alignment.kernel import formats
from alignment.kernel.errors import InvalidInput

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""The dates between which a period that somebody asks for begins and ends."""


@dataclass(frozen=True, order=True)
class Period:
    """The days from ``start`` up to, but not with, ``end``; never empty."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("a period ends after it starts")

    @classmethod
    def month(cls, key: str) -> Period:
        """The month written ``YYYY-MM``, else ``InvalidInput``."""
        found = _MONTH.fullmatch(key)
        if not found or not FIRST_DAY.year <= int(found[1]) <= LAST_DAY.year or int(found[2]) not in range(1, 13):
            raise InvalidInput(_("“%(value)s” is not a month; write it as 2026-04.") % {"value": key}, field="month")
        return cls._months_from(date(int(found[1]), int(found[2]), 1), 1)

    @classmethod
    def month_of(cls, day: date) -> Period:
        """The month in which ``day`` lies."""
        return cls._months_from(day.replace(day=1), 1)

    @classmethod
    def week_of(cls, day: date, *, first_weekday: int = 0) -> Period:
        """The week in which ``day`` lies, by default from Monday (0) to Sunday (6)."""
        start = day - timedelta(days=(day.weekday() - first_weekday) % 7)
        return cls(start, start + timedelta(days=7))

    @classmethod
    def fiscal_year(cls, year: int, *, start_month: int = 4) -> Period:
        """The fiscal year that starts in ``year``."""
        return cls._months_from(date(year, start_month, 1), 12)

    @classmethod
    def quarter(cls, year: int, number: int, *, start_month: int = 4) -> Period:
        """Quarter 1 to 4 of the fiscal year that starts in ``year``."""
        if number not in range(1, 5):
            raise ValueError("a year has quarters 1 to 4")
        return cls._months_from(_later(date(year, start_month, 1), 3 * (number - 1)), 3)

    @classmethod
    def fiscal_year_of(cls, day: date, *, start_month: int = 4) -> Period:
        """The fiscal year in which ``day`` lies."""
        return cls.fiscal_year(day.year - (day.month < start_month), start_month=start_month)

    @classmethod
    def parse(cls, start: str | None, end: str | None) -> Period:
        """The period of the query values ``from`` and ``to`` (exclusive), dates written YYYY-MM-DD.

        Raise ``InvalidInput`` whose ``field`` names the one at fault.
        """
        first, last = _date(start, "from"), _date(end, "to")
        if last <= first:
            raise InvalidInput(_("“to” must be after “from”; the day in “to” itself does not count."), field="to")
        return cls(first, last)

    @property
    def days(self) -> int:
        """How many days."""
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """The last day that belongs to it."""
        return self.end - timedelta(days=1)

    @property
    def key(self) -> str:
        """YYYY-MM of a month, else its two dates with a slash (ISO 8601, end exclusive)."""
        return f"{self.start:%Y-%m}" if self._whole_months() == 1 else f"{self.start}/{self.end}"

    def contains(self, day: date) -> bool:
        """Whether ``day`` belongs to it. An instant has no day without a zone: compare it with ``bounds``."""
        if isinstance(day, datetime):
            raise TypeError("compare an instant with bounds(zone)")
        return self.start <= day < self.end

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """First instant in it and first instant after it, in UTC."""
        return _first_instant(self.start, zone), _first_instant(self.end, zone)

    def previous(self) -> Period:
        """The period just before: as many months where it is whole months, else as many days."""
        months = self._whole_months()
        return Period(_later(self.start, -months) if months else self.start - (self.end - self.start), self.start)

    @property
    def month_count(self) -> int:
        """In how many months it has days."""
        return (self.last.year - self.start.year) * 12 + self.last.month - self.start.month + 1

    def months(self) -> Iterator[Period]:
        """Its months in order; the first and last are cut where it begins or ends inside a month."""
        first = self.start.replace(day=1)
        return self._cut_at(_later(first, n) for n in range(1, self.month_count))

    def years(self) -> Iterator[Period]:
        """Its calendar years in order; the first and last are cut where it begins or ends inside a year."""
        return self._cut_at(date(year, 1, 1) for year in range(self.start.year + 1, self.last.year + 1))

    def weeks(self, *, first_weekday: int = 0) -> Iterator[Period]:
        """Its weeks in order, by default from Monday (0); the first and last may be cut (``days`` is below 7)."""
        first = Period.week_of(self.start, first_weekday=first_weekday).end
        return self._cut_at(first + timedelta(days=7 * n) for n in range(-((first - self.end).days // 7)))

    def label(self, language: str | None = None, *, fiscal_start: int = 4) -> str:
        """How people read it, see ``formats.period``."""
        return formats.period(self.start, self.end, fiscal_start=fiscal_start, language=language)

    @classmethod
    def _months_from(cls, first: date, count: int) -> Period:
        return cls(first, _later(first, count))

    def _whole_months(self) -> int:
        """How many whole months it is, 0 when it is not."""
        if self.start.day != 1 or self.end.day != 1:
            return 0
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month

    def _cut_at(self, days: Iterator[date]) -> Iterator[Period]:
        return (Period(*ends) for ends in pairwise([self.start, *days, self.end]))


def _date(value: str | None, name: str) -> date:
    if not value:
        raise InvalidInput(_("“%(name)s” is missing; write a date as 2026-04-01.") % {"name": name}, field=name)
    try:
        found = date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        found = None
    if found is None:
        message = _("“%(name)s”: “%(value)s” is not a date; write it as 2026-04-01.")
        raise InvalidInput(message % {"name": name, "value": value}, field=name)
    if not FIRST_DAY <= found <= LAST_DAY:
        message = _("“%(name)s”: “%(value)s” is out of reach; write a date from %(first)s to %(last)s.")
        reach = {"first": FIRST_DAY, "last": LAST_DAY}
        raise InvalidInput(message % {"name": name, "value": value, **reach}, field=name)
    return found


def _later(first: date, months: int) -> date:
    """``months`` after the first of a month."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Where clocks skip midnight, the instant at which they do."""
    midnight = datetime.combine(day, time(), tzinfo=zone)
    return midnight.astimezone(UTC)
