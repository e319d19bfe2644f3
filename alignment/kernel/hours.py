"""Weekly working hours as people write them: wall-clock times per weekday, no zone. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")

Hours = tuple[tuple[int, int], ...]  # (start, end) in minutes after midnight; an end may be 1440


@dataclass(frozen=True)
class WeeklyHours:
    """Seven days from Monday, each with its open times in order; a lunch break is the gap between two."""

    days: tuple[Hours, ...]

    @classmethod
    def parse(cls, value: Any) -> WeeklyHours:
        """Read ``{"mon": [["09:00", "12:00"], ["13:00", "18:00"]], ...}``; a day left out is closed.

        Raise ``InvalidInput`` whose ``field`` is the place of the fault, such as ``mon.1.0``.
        """
        if not isinstance(value, Mapping):
            raise InvalidInput(_("Working hours must be given per weekday."))
        for day in value:
            if day not in WEEKDAYS:
                raise _fault(
                    str(day),
                    _("Working hours: “%(path)s” is no weekday; use mon, tue, wed, thu, fri, sat or sun."),
                )
        return cls(tuple(_hours(value.get(day, []), day) for day in WEEKDAYS))

    def to_json(self) -> dict[str, list[list[str]]]:
        """The form that ``parse`` reads; closed days are left out."""
        return {
            day: [[_clock(start), _clock(end)] for start, end in hours]
            for day, hours in zip(WEEKDAYS, self.days, strict=True)
            if hours
        }

    @property
    def typical_day(self) -> timedelta:
        """The commonest length of an open day (the longest of several), to say a length in working days."""
        lengths = Counter(sum(end - start for start, end in hours) for hours in self.days if hours)
        longest_first = sorted(lengths.items(), key=lambda item: (-item[1], -item[0]))
        return timedelta(minutes=longest_first[0][0]) if longest_first else timedelta(0)


def _hours(value: Any, path: str) -> Hours:
    if not isinstance(value, list | tuple):
        raise _fault(path, _("Working hours: “%(path)s” must be a list of open times."))
    spans = sorted((_span(item, f"{path}.{index}"), f"{path}.{index}") for index, item in enumerate(value))
    for ((_start, end), _path), ((start, _end), later) in pairwise(spans):
        if start < end:
            raise _fault(later, _("Working hours: “%(path)s” overlaps another open time of that day."))
    return tuple(span for span, _path in spans)


def _span(value: Any, path: str) -> tuple[int, int]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise _fault(path, _("Working hours: “%(path)s” must be two times, a start and an end."))
    start, end = _minutes(value[0], f"{path}.0"), _minutes(value[1], f"{path}.1")
    if start >= end:
        raise _fault(path, _("Working hours: “%(path)s” must end after it starts; split work past midnight."))
    return start, end


def _minutes(value: Any, path: str) -> int:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise _fault(path, _("Working hours: “%(path)s” must be a time from 00:00 to 24:00, such as 09:00."))
    hour, minute = value.split(":")
    return int(hour) * 60 + int(minute)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _fault(path: str, problem: str) -> InvalidInput:
    return InvalidInput(problem % {"path": path}, field=path)
