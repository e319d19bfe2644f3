"""The costs of a campaign by month. Pure.

A month is its first day; None stands for what nobody has dated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

MOST_MONTHS = 120
"""A longer period is no plan by which money could be spread."""
Costs = dict[date | None, Decimal]
FIRST_YEAR, LAST_YEAR = 1990, 2100
_MONTH = re.compile(r"(\d{4})[-/.年]?(\d{1,2})(?:月|[-/.月]\d{1,2}日?(?:[T ]00:00(?::00)?)?)?", re.ASCII)
_ONE, _CENT = Decimal(1), Decimal("0.01")


def months_of(starts_on: date | None, ends_on: date | None) -> list[date]:
    """The months of a period, in order; none where one of its ends is open, or where it is too long."""
    if starts_on is None or ends_on is None:
        return []
    count = (ends_on.year - starts_on.year) * 12 + ends_on.month - starts_on.month + 1
    if not 1 <= count <= MOST_MONTHS:
        return []
    first = starts_on.year * 12 + starts_on.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(first, first + count)]


def read_month(text: str) -> date | None:
    """A month as people and spreadsheets write it (2026-04, 2026/4, 2026年4月, 2026-04-01); None where it is none."""
    found = _MONTH.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not found or not 1 <= int(found[2]) <= 12 or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    return date(int(found[1]), int(found[2]), 1)


def spread(total: Decimal, *, starts_on: date | None, ends_on: date | None) -> Costs:
    """A total over the months of a period, by the days that lie in each; undated where the period is open.

    The parts add up to the total exactly, and are whole where it is; a month whose part is nothing is left out.
    """
    months = months_of(starts_on, ends_on)
    if not months or starts_on is None or ends_on is None:
        return {None: total} if total else {}
    unit = _ONE if total == total.to_integral_value() else _CENT
    days, found, given = (ends_on - starts_on).days + 1, Costs(), Decimal(0)
    for month in months:
        last = min(_last_day(month), ends_on)
        until = (total * ((last - starts_on).days + 1) / days).quantize(unit, rounding=ROUND_HALF_UP)
        if until > given:
            found[month] = until - given
        given = until
    return found


def added(costs: Mapping[date | None, Decimal], more: Mapping[date | None, Decimal]) -> Costs:
    """Both together, month by month."""
    return {month: costs.get(month, Decimal(0)) + more.get(month, Decimal(0)) for month in [*costs, *more]}


def outside(costs: Mapping[date | None, Decimal], *, starts_on: date | None, ends_on: date | None) -> list[date]:
    """The months with costs that lie before the period or after it, in order."""
    dated = sorted(month for month in costs if month is not None)
    return [month for month in dated if (starts_on and _last_day(month) < starts_on) or (ends_on and month > ends_on)]


def _last_day(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
