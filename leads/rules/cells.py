"""What the cells of a row say, each read as the field that its column becomes. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from alignment.kernel import moments
from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import dates
from leads.rules import costs, custom
from leads.rules.mappings import DAY, FIELDS, FLAG, MOMENT, MONEY, MONTH, TEXT, WHOLE, Column, Mapping

_YES = frozenset({"yes", "true", "1", "y", "はい", "○", "◯", "〇", "有", "対象"})
_NO = frozenset({"no", "false", "0", "n", "いいえ", "×", "無", "対象外"})
_CURRENCY_SIGNS = str.maketrans("", "", "¥$€円")
_GROUPED = r"\d{1,3}(?:(?P<group>[, ])\d{3})(?:(?P=group)\d{3})*"
"""Digits in groups of three, parted by commas or by spaces."""
_AMOUNT = re.compile(rf"(?:{_GROUPED}|\d+)(?:\.\d*)?(?:[eE][+-]?\d{{1,2}})?", re.ASCII)
_WHOLE_NUMBER = re.compile(rf"{_GROUPED}|\d+", re.ASCII)
_CENT = Decimal("0.01")
_TOO_MUCH = Decimal("1e14")


class CellFault(InvalidInput):
    """A cell that cannot be read."""

    code = "unreadable_cell"


def read_row(mapping: Mapping, row: dict[str, str], *, kind: str, zone: ZoneInfo) -> dict[str, Any]:
    """The fields of one row: texts stripped, moments aware (naive ones read in ``zone``), blanks as None or "".

    Raises ``CellFault`` naming the column and the value that was found.
    """
    return {
        column.field: _reader(column, kind)(row.get(column.header, "").strip(), column, zone)
        for column in mapping.columns
    }


def _text(value: str, column: Column, zone: ZoneInfo) -> str:
    return value


def _moment(value: str, column: Column, zone: ZoneInfo) -> datetime | None:
    if not value:
        return None
    try:
        at = _read_moment(value, column.format)
    except ValueError as error:
        raise CellFault(_no_date(value, column)) from error
    if not moments.plausible(at):
        message = _("“%(column)s”: the date “%(value)s” cannot be right: years from %(first)d to %(last)d are taken.")
        years = {"first": moments.FIRST_YEAR, "last": moments.LAST_YEAR}
        raise CellFault(message % ({"column": column.header, "value": value[:100]} | years))
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _read_moment(value: str, form: str) -> datetime:
    """By a form of ours (D-M-Y), by one of strptime, or as ISO 8601 writes it; raises ``ValueError``."""
    if form in dates.FORMS:
        return dates.read(value, form)
    return datetime.strptime(value, form) if form else datetime.fromisoformat(value)  # noqa: DTZ007


def _no_date(value: str, column: Column) -> str:
    words = {"column": column.header, "value": value[:100], "format": column.format, "field": column.field}
    if column.format:
        return _("“%(column)s”: “%(value)s” is not a date in the form %(format)s that the mapping gives.") % words
    return (
        _(
            "“%(column)s”: “%(value)s” is not a date written as 2026-01-05. Give its form in the mapping, such as "
            '{"field": "%(field)s", "format": "%%Y/%%m/%%d"}.'
        )
        % words
    )


def _day(value: str, column: Column, zone: ZoneInfo) -> date | None:
    at = _moment(value, column, zone)
    return at and at.astimezone(zone).date()


def _month(value: str, column: Column, zone: ZoneInfo) -> date | None:
    if not value:
        return None
    month = costs.read_month(value)
    if month is None and column.format:
        day = _day(value, column, zone)
        month = day and day.replace(day=1)
    if month is None:
        message = _("“%(column)s”: “%(value)s” is not a month: write it such as 2026-04.")
        raise CellFault(message % {"column": column.header, "value": value[:100]})
    return month


def _flag(value: str, column: Column, zone: ZoneInfo) -> bool | None:
    word = unicodedata.normalize("NFKC", value).casefold()
    if word in _YES or word in _NO or not word:
        return word in _YES if word else None
    message = _("“%(column)s”: “%(value)s” is neither yes nor no.")
    raise CellFault(message % {"column": column.header, "value": value[:100]})


def _money(value: str, column: Column, zone: ZoneInfo) -> Decimal | None:
    plain = unicodedata.normalize("NFKC", value).translate(_CURRENCY_SIGNS).strip()
    if not plain:
        return None
    amount = Decimal(plain.replace(",", "").replace(" ", "")) if _AMOUNT.fullmatch(plain) else _TOO_MUCH
    if amount < _TOO_MUCH:
        amount = amount.quantize(_CENT, rounding=ROUND_HALF_UP)
    if amount >= _TOO_MUCH:
        message = _(
            "“%(column)s”: “%(value)s” is not an amount: write it such as 1,234.56 (0 or more and below 100 trillion; "
            "commas only between groups of three digits, a point before the decimals)."
        )
        raise CellFault(message % {"column": column.header, "value": value[:100]})
    return amount


def _whole(value: str, column: Column, zone: ZoneInfo) -> int | None:
    plain = unicodedata.normalize("NFKC", value)
    digits = plain.replace(",", "").replace(" ", "")
    if not plain:
        return None
    if not _WHOLE_NUMBER.fullmatch(plain) or len(digits) > 9:
        message = _("“%(column)s”: “%(value)s” is not a whole number: write it such as 1,200.")
        raise CellFault(message % {"column": column.header, "value": value[:100]})
    return int(digits)


def _custom(value: str, column: Column, _zone: ZoneInfo) -> Any:
    assert column.custom is not None
    try:
        return custom.read(column.custom, value, path=column.header, form=column.format)
    except InvalidInput as fault:
        words = {"column": column.header, "message": fault.message, "value": value[:100]}
        raise CellFault(_("“%(column)s”: “%(value)s” cannot be taken. %(message)s") % words) from fault


def _reader(column: Column, kind: str) -> Callable[[str, Column, ZoneInfo], Any]:
    return _custom if column.custom else _READERS[FIELDS[kind][column.field]]


_READERS: dict[str, Callable[[str, Column, ZoneInfo], Any]] = {
    TEXT: _text,
    MOMENT: _moment,
    DAY: _day,
    MONTH: _month,
    MONEY: _money,
    WHOLE: _whole,
    FLAG: _flag,
}
