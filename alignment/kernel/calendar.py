"""Business time: when work is open, and deadlines and lengths that count open time only. Pure, no clock.

An instant is open when the clock on the wall of the calendar's zone shows an open time of an open day. So
when the clocks change, a time that is left out is never open, one that comes twice is open twice, and every
length is time that really passed. All instants are aware; answers are in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

import holidays
from django.utils.translation import gettext_lazy as _

from alignment.kernel.errors import DomainError
from alignment.kernel.hours import WeeklyHours

__all__ = [
    "BusinessCalendar",
    "NoOpenTime",
    "WeeklyHours",
    "closed_days",
    "holiday_name",
    "japanese_holidays",
]

LONGEST_GAP = timedelta(days=400)  # without open time for longer than this, the calendar is a mistake
LONGEST_REACH = timedelta(days=3660)  # no deadline lies further away than this

_HOLIDAY_LANGUAGES = {"ja": "ja", "en": "en_US"}

Span = tuple[datetime, datetime]


class NoOpenTime(DomainError):
    """The calendar never opens within reach, so there is no deadline to be had."""

    code = "no_open_time"


@dataclass(frozen=True)
class BusinessCalendar:
    """When one person, team or organisation works.

    ``weekly`` are wall-clock times in ``zone``. ``closed`` says whether a date (in ``zone``) is a holiday.
    ``absent`` holds (first, last) dates in ``zone``, both included.
    """

    zone: ZoneInfo
    weekly: WeeklyHours
    closed: Callable[[date], bool]
    absent: tuple[tuple[date, date], ...] = ()

    def is_open(self, at: datetime) -> bool:
        """Whether work is on at ``at``; the closing minute itself is closed."""
        at = _utc(at)
        return any(start <= at < end for start, end in self._of_day(at.astimezone(self.zone).date()))

    def next_open(self, at: datetime) -> datetime:
        """``at`` itself when open, else the next opening (UTC); ``NoOpenTime`` if none comes in 400 days."""
        at = _utc(at)
        for start, _end in self._spans(at, at + LONGEST_GAP):
            return start
        raise _no_open_time()

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The deadline (UTC): the first instant at which ``amount`` of open time has passed since ``start``.

        No amount is due at ``start``; what ends with the working day is due at its close, not next morning.
        Raise ``NoOpenTime`` if nothing opens for 400 days, or the deadline lies more than ten years away.
        """
        if amount < timedelta(0):
            raise ValueError("a deadline needs an amount of time that is not negative")
        start = reached = _utc(start)
        if not amount:
            return start
        for opening, closing in self._spans(start, start + LONGEST_REACH):
            if opening - reached > LONGEST_GAP:
                break
            if closing - opening >= amount:
                return opening + amount
            amount -= closing - opening
            reached = closing
        raise _no_open_time()

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Open time between two instants; negative when ``end`` comes first, as time left is when overdue."""
        start, end = _utc(start), _utc(end)
        if end < start:
            return -self.elapsed(end, start)
        return sum((closing - opening for opening, closing in self._spans(start, end)), timedelta(0))

    def intervals(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Open times between two instants as (opening, closing) in UTC, ascending, touching ones joined."""
        joined: Span | None = None
        for opening, closing in self._spans(_utc(start), _utc(end)):
            if joined and joined[1] == opening:
                joined = (joined[0], closing)
                continue
            if joined:
                yield joined
            joined = (opening, closing)
        if joined:
            yield joined

    def _spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Open times cut to [start, end), day by day."""
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            for opening, closing in self._of_day(day):
                if closing > start and opening < end:
                    yield max(opening, start), min(closing, end)
            day += timedelta(days=1)

    def _of_day(self, day: date) -> Iterator[Span]:
        """Open times of one date of the zone, in UTC."""
        hours = self.weekly.days[day.weekday()]
        if hours and not self.closed(day) and not any(first <= day <= last for first, last in self.absent):
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall-clock time
            for start, end in hours:
                yield from _real(midnight + timedelta(minutes=start), midnight + timedelta(minutes=end), self.zone)


def closed_days(country: str, closed: set[date], opened: set[date]) -> Callable[[date], bool]:
    """What a calendar asks: is this date closed?

    Public holidays of ``country`` (ISO code, "" for none) and the days in ``closed`` are; ``opened`` are
    holidays on which the company works. A weekday without working hours stays closed all the same.
    """

    def is_closed(day: date) -> bool:
        return day in closed or (day not in opened and holiday_name(day, country=country) is not None)

    return is_closed


def japanese_holidays() -> Callable[[date], bool]:
    """Japan's public holidays with their substitutes (known from 1949 to 2099), nothing else."""
    return closed_days("JP", closed=set(), opened=set())


def holiday_name(day: date, *, country: str = "JP", language: str = "ja") -> str | None:
    """The public holiday's name in ``language`` (Japanese or English), None on other days."""
    return _public_holidays(country, _HOLIDAY_LANGUAGES.get(language[:2], "en_US"), day.year).get(day)


@lru_cache(maxsize=256)
def _public_holidays(country: str, language: str, year: int) -> dict[date, str]:
    """One year, complete: the library's own growing dictionary shows other threads a half-filled year."""
    if not country:
        return {}
    # The library names the languages of each country; for an unknown one the country's own is used.
    known = holidays.country_holidays(country).supported_languages
    chosen = language if language in known else None
    return dict(holidays.country_holidays(country, years=year, expand=False, language=chosen))


def _real(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Span]:
    """The instants at which the zone's wall clock shows a time in [start, end), naive and of one date."""
    before = _offset(start.replace(tzinfo=zone))
    after = _offset(end.replace(tzinfo=zone, fold=1))
    opening, closing = (start - before).replace(tzinfo=UTC), (end - after).replace(tzinfo=UTC)
    if before == after:
        yield opening, closing
        return
    change = _change(start, end, zone)
    if opening < change:
        yield opening, min((end - before).replace(tzinfo=UTC), change)
    if closing > change:
        yield max((start - after).replace(tzinfo=UTC), change), closing


def _change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the zone's clocks change between two wall-clock times, by halving."""
    offsets = [_offset(start.replace(tzinfo=zone)), _offset(end.replace(tzinfo=zone, fold=1))]
    low = (start - max(offsets) - timedelta(seconds=1)).replace(tzinfo=UTC)
    high = (end - min(offsets)).replace(tzinfo=UTC)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if _offset(middle.astimezone(zone)) == offsets[0]:
            low = middle
        else:
            high = middle
    return high


def _offset(at: datetime) -> timedelta:
    return cast(timedelta, at.utcoffset())


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("business time needs an aware datetime")
    return at.astimezone(UTC)


def _no_open_time() -> NoOpenTime:
    return NoOpenTime(_("This calendar has no open time in reach. Check the working hours and the closed days."))
