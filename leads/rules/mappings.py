"""How the columns of a foreign file become our fields. Pure.

    {"system": "olist", "columns": {"mql_id": "external_id",
     "first_contact_date": {"field": "qualified_at", "format": "%Y-%m-%d"}, "origin": "source"}, "unmapped": "keep"}

``unmapped``: ``keep`` puts every other column into the custom fields, ``drop`` ignores it. A column may feed several
fields: ``"mql_id": ["external_id", "lead_external_id"]``. Optional: ``encoding``, ``delimiter``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput

TEXT, MOMENT, DAY, MONEY, WHOLE = "text", "moment", "day", "money", "whole"

FIELDS: dict[str, dict[str, str]] = {
    "leads": {
        "external_id": TEXT,
        "captured_at": MOMENT,
        "qualified_at": MOMENT,
        "source": TEXT,
        "landing_page": TEXT,
        "campaign": TEXT,
        "company": TEXT,
        "full_name": TEXT,
        "full_name_kana": TEXT,
        "email": TEXT,
        "phone": TEXT,
        "job_title": TEXT,
        "department": TEXT,
        "industry": TEXT,
        "prefecture": TEXT,
        "employees": WHOLE,
        "note": TEXT,
    },
    "deals": {
        "external_id": TEXT,
        "lead_external_id": TEXT,
        "account": TEXT,
        "owner": TEXT,
        "opened_at": MOMENT,
        "won_at": MOMENT,
        "lost_at": MOMENT,
        "closed_at": MOMENT,
        "expected_at": DAY,
        "amount": MONEY,
        "stage": TEXT,
        "product": TEXT,
        "name": TEXT,
    },
}


_CURRENCY_SIGNS = str.maketrans("", "", "¥¥$€円")


@dataclass(frozen=True)
class Column:
    """One target of one column of the file."""

    header: str
    field: str
    format: str = ""


@dataclass(frozen=True)
class Mapping:
    system: str
    columns: tuple[Column, ...]
    keep_unmapped: bool
    encoding: str | None = None
    delimiter: str | None = None

    def mapped_headers(self) -> frozenset[str]:
        return frozenset(column.header for column in self.columns)


class CellFault(InvalidInput):
    """A cell that cannot be read."""

    code = "unreadable_cell"


def parse(tree: Any, *, kind: str) -> Mapping:
    """Read a mapping for ``leads`` or ``deals``. Raises ``InvalidInput`` with the path of the fault."""
    if not isinstance(tree, dict) or not isinstance(tree.get("columns"), dict) or not tree["columns"]:
        raise InvalidInput(_("A mapping needs “columns”: an object from column names to fields."), field="columns")
    system = tree.get("system")
    if not isinstance(system, str) or not 1 <= len(system.strip()) <= 50:
        raise InvalidInput(_("A mapping needs “system”: the name of the tool the file comes from."), field="system")
    unmapped = tree.get("unmapped", "drop")
    if unmapped not in ("keep", "drop"):
        raise InvalidInput(_("“unmapped” is either keep or drop."), field="unmapped")
    for key in tree.keys() - {"system", "columns", "unmapped", "encoding", "delimiter"}:
        raise InvalidInput(_("“%(key)s” does not belong here.") % {"key": str(key)[:50]}, field=str(key)[:50])
    columns = [column for header, spec in tree["columns"].items() for column in _columns(header, spec, kind)]
    _refuse_doubles(columns)
    return Mapping(
        system=system.strip(),
        columns=tuple(columns),
        keep_unmapped=unmapped == "keep",
        encoding=tree.get("encoding"),
        delimiter=tree.get("delimiter"),
    )


def check_headers(mapping: Mapping, headers: Sequence[str]) -> None:
    """Refuse a file that lacks a mapped column or names one twice."""
    for header in headers:
        if header and headers.count(header) > 1 and header in mapping.mapped_headers():
            raise InvalidInput(_("The column “%(name)s” is in the file twice.") % {"name": header}, field=header)
    for header in mapping.mapped_headers():
        if header not in headers:
            found = ", ".join(headers)[:300]
            message = _("The file has no column “%(name)s”. It has: %(found)s.") % {"name": header, "found": found}
            raise InvalidInput(message, field=header)


def read_row(mapping: Mapping, row: dict[str, str], *, kind: str, zone: ZoneInfo) -> dict[str, Any]:
    """The fields of one row: texts stripped, moments aware (naive ones read in ``zone``), blanks as None or "".

    Raises ``CellFault`` naming the column and the value that was found.
    """
    return {
        column.field: _READERS[FIELDS[kind][column.field]](row.get(column.header, "").strip(), column, zone)
        for column in mapping.columns
    }


def _columns(header: str, spec: Any, kind: str) -> list[Column]:
    if isinstance(spec, list):
        return [column for part in spec for column in _columns(header, part, kind)]
    path = f"columns.{header}"
    field, form = (spec, "") if isinstance(spec, str) else (None, None)
    if isinstance(spec, dict):
        field, form = spec.get("field"), spec.get("format", "")
    if field not in FIELDS[kind]:
        fields = ", ".join(FIELDS[kind])
        message = _("There is no field “%(field)s”. Use one of: %(fields)s.") % {"field": field, "fields": fields}
        raise InvalidInput(message, field=path)
    if not isinstance(form, str):
        raise InvalidInput(_("A format is a text such as %%Y-%%m-%%d."), field=f"{path}.format")
    return [Column(header, str(field), form)]


def _refuse_doubles(columns: list[Column]) -> None:
    fields = [column.field for column in columns]
    for column in columns:
        if fields.count(column.field) > 1:
            message = _("Two columns feed the field “%(field)s”.") % {"field": column.field}
            raise InvalidInput(message, field=f"columns.{column.header}")


def _text(value: str, column: Column, zone: ZoneInfo) -> str:
    return value


def _moment(value: str, column: Column, zone: ZoneInfo) -> datetime | None:
    if not value:
        return None
    try:
        at = datetime.strptime(value, column.format) if column.format else datetime.fromisoformat(value)  # noqa: DTZ007
    except ValueError as error:
        raise _unreadable(value, column, _("a date")) from error
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _day(value: str, column: Column, zone: ZoneInfo) -> date | None:
    at = _moment(value, column, zone)
    return at and at.astimezone(zone).date()


def _money(value: str, column: Column, zone: ZoneInfo) -> Decimal | None:
    plain = value.replace(",", "").replace(" ", "").translate(_CURRENCY_SIGNS)
    if not plain:
        return None
    try:
        amount = Decimal(plain)
    except InvalidOperation as error:
        raise _unreadable(value, column, _("an amount")) from error
    if not amount.is_finite() or not 0 <= amount < Decimal("1e14"):
        raise _unreadable(value, column, _("an amount"))
    return amount


def _whole(value: str, column: Column, zone: ZoneInfo) -> int | None:
    plain = value.replace(",", "")
    if not plain:
        return None
    if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
        raise _unreadable(value, column, _("a whole number"))
    return int(plain)


def _unreadable(value: str, column: Column, what: str) -> CellFault:
    values = {"column": column.header, "value": value[:100], "what": what, "format": column.format}
    if column.format:
        return CellFault(_("“%(column)s”: “%(value)s” is not %(what)s in the form %(format)s.") % values)
    return CellFault(_("“%(column)s”: “%(value)s” is not %(what)s.") % values)


_READERS: dict[str, Callable[[str, Column, ZoneInfo], Any]] = {
    TEXT: _text,
    MOMENT: _moment,
    DAY: _day,
    MONEY: _money,
    WHOLE: _whole,
}
