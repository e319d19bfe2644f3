"""In which form a column writes its dates, judged by all of its values. Pure.

    column = DateColumn()
    for value in values: column.take(value)
    column.fits()      # the forms that read every value; two of them want a person's word, with column.differing()

``01-02-2018`` can be read in two ways, ``20-10-2017`` in one: so one value settles its whole column.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice

from alignment.kernel import moments

_ORDERS = {"ymd": (0, 1, 2), "dmy": (2, 1, 0), "mdy": (2, 0, 1)}
"""Where year, month and day stand."""
FORMS = (
    *("Y-M-D", "Y/M/D", "Y.M.D", "D-M-Y", "D/M/Y", "D.M.Y", "M-D-Y", "M/D/Y", "M.D.Y"),
    *("YMD", "Y年M月D日", "令和Y年M月D日", "serial"),
)
"""Each with or without a time behind it. ``serial`` is what Excel counts days by, from 1900."""
_TIME = (
    r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_PARTED = re.compile(rf"(\d{{1,4}})([-/.])(\d{{1,2}})\2(\d{{1,4}}){_TIME}")
_SOLID = re.compile(rf"(\d{{4}})(\d\d)(\d\d){_TIME}")
_KANJI = re.compile(rf"(令和)?(\d{{1,4}}|元)年(\d{{1,2}})月(\d{{1,2}})日{_TIME}")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_BEFORE_REIWA = 2018
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 (a date of a file has the zone of its column)
_TOLD = 3
_DISTINCT = 50_000
"""So many different values are remembered for examples; more than a century of days."""
_LONGEST = 40
"""In characters: no date is longer."""


@dataclass(frozen=True)
class Fit:
    """One form and what it makes of the column: how many values it cannot read, and some it can."""

    form: str
    misfits: int
    examples: tuple[tuple[str, datetime], ...]


def read(value: str, form: str) -> datetime:
    """The moment that ``value`` names in this form; naive unless it names a zone. Raises ``ValueError``."""
    for found, moment in _readings(value.strip()):
        if found == form:
            return moment
    raise ValueError(f"{value!r} is not a date in the form {form}")


class DateColumn:
    """Takes the values of one column one after the other; blanks say nothing."""

    def __init__(self) -> None:
        self.count = 0
        self._times: Counter[str] = Counter()
        self._values: dict[str, None] = {}

    def take(self, value: str) -> None:
        value = value.strip()
        if not value:
            return
        self.count += 1
        if len(value) > _LONGEST:
            value = f"{value[:_LONGEST]}…"
        for form, _moment in _readings(value):
            self._times[form] += 1
        if len(self._values) < _DISTINCT:
            self._values[value] = None

    def fits(self) -> list[Fit]:
        """The forms that read every value; none where no form does, two where the order of day and month is open."""
        return [fit for fit in self.candidates() if not fit.misfits]

    def candidates(self) -> list[Fit]:
        """The forms that read any value, the one that reads most first."""
        ranked = sorted(self._times, key=lambda form: (-self._times[form], FORMS.index(form)))
        return [Fit(form, self.count - self._times[form], self._examples(form)) for form in ranked]

    def differing(self, one: str, other: str) -> list[tuple[str, datetime, datetime]]:
        """Some values that both forms read, each to another day."""
        both = ((value, dict(_readings(value))) for value in self._values)
        found = (
            (value, by_form[one], by_form[other])
            for value, by_form in both
            if one in by_form and other in by_form and by_form[one] != by_form[other]
        )
        return list(islice(found, _TOLD))

    def misfits(self, form: str) -> list[str]:
        """Some values that this form cannot read."""
        found = (value for value in self._values if form not in dict(_readings(value)))
        return list(islice(found, _TOLD))

    def _examples(self, form: str) -> tuple[tuple[str, datetime], ...]:
        read = ((value, dict(_readings(value)).get(form)) for value in self._values)
        found = ((value, moment) for value, moment in read if moment)
        return tuple(islice(found, _TOLD))


@lru_cache(maxsize=65_536)
def _readings(value: str) -> tuple[tuple[str, datetime], ...]:
    """Every form that can read the value, with what it reads; only moments that can be meant."""
    plain = value if value.isascii() else unicodedata.normalize("NFKC", value)
    found = (*_parted(plain), *_solid(plain), *_kanji(plain), *_serial(plain))
    return tuple((form, moment) for form, moment in found if moments.plausible(moment))


def _parted(text: str) -> Iterator[tuple[str, datetime]]:
    match = _PARTED.fullmatch(text)
    if not match:
        return
    first, sign, second, third = match[1], match[2], match[3], match[4]
    for order, places in _ORDERS.items():
        parts = (first, second, third)
        year, month, day = (parts[place] for place in places)
        if len(year) == 4 and len(month) <= 2 and len(day) <= 2:
            yield from _at(sign.join(order.upper()), match, int(year), int(month), int(day))


def _solid(text: str) -> Iterator[tuple[str, datetime]]:
    if match := _SOLID.fullmatch(text):
        yield from _at("YMD", match, int(match[1]), int(match[2]), int(match[3]))


def _kanji(text: str) -> Iterator[tuple[str, datetime]]:
    if match := _KANJI.fullmatch(text):
        is_reiwa = bool(match[1])
        year = 1 if match[2] == "元" else int(match[2])
        form = "令和Y年M月D日" if is_reiwa else "Y年M月D日"
        yield from _at(form, match, year + _BEFORE_REIWA if is_reiwa else year, int(match[3]), int(match[4]))


def _serial(text: str) -> Iterator[tuple[str, datetime]]:
    if _SERIAL.fullmatch(text):
        yield "serial", _DAY_ZERO + timedelta(seconds=round(float(text) * 86_400))


def _at(form: str, match: re.Match[str], year: int, month: int, day: int) -> Iterator[tuple[str, datetime]]:
    """The form with its moment, where calendar and clock have one."""
    hour, half = int(match["hour"] or 0), (match["half"] or "").upper()
    if half:
        if not 1 <= hour <= 12:
            return
        hour = hour % 12 + (12 if half == "PM" else 0)
    zone = match["zone"] or ""
    text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{match['minute'] or '00'}:{match['second'] or '00'}{zone}"
    try:
        yield form, datetime.fromisoformat(text)
    except ValueError:
        return
