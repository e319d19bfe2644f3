"""How the columns of a foreign file become our fields. Pure.

    {"system": "olist", "columns": {"mql_id": "external_id",
     "first_contact_date": {"field": "qualified_at", "format": "%Y-%m-%d"}, "origin": "source"}, "unmapped": "keep"}

A field that admins made is named with ``custom.`` before its key: ``"予算": "custom.budget"``.

``unmapped``: ``keep`` puts every other column into the custom fields, ``drop`` ignores it. A column may feed several
fields: ``"mql_id": ["external_id", "lead_external_id"]``. Optional, where the file itself does not say it clearly:
``encoding``, ``delimiter``, ``sheet``, ``header_row``. ``currency`` says in which one the amounts are: any but
the organisation's is refused, in a column ``currency`` too. ``known_leads`` says what a row of leads does to somebody
who is here already, as an address or a number tells: ``fill`` what is blank (so without it), ``newer`` wins, ``never``.
``otherwise`` is what a row says of a field where it says nothing of it itself: ``{"campaign": "Measuring fair 2026"}``.
A key that does not belong there is refused, so that a slip of the pen is not a setting that was never read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel import tables
from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import dates
from leads.rules.fields import Field, Fields
from leads.rules.matching import Rule

TEXT, MOMENT, DAY, MONTH, MONEY, WHOLE, FLAG = "text", "moment", "day", "month", "money", "whole", "flag"

_OF_COMPANY = {
    "corporate_number": TEXT,
    "industry": TEXT,
    "employees": WHOLE,
    "postal_code": TEXT,
    "prefecture": TEXT,
    "address": TEXT,
}
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
        "last_name": TEXT,
        "first_name": TEXT,
        "full_name_kana": TEXT,
        "last_name_kana": TEXT,
        "first_name_kana": TEXT,
        "email": TEXT,
        "phone": TEXT,
        "job_title": TEXT,
        "department": TEXT,
        **_OF_COMPANY,
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
        "currency": TEXT,
        "stage": TEXT,
        "product": TEXT,
        "name": TEXT,
    },
    "accounts": {
        "external_id": TEXT,
        "company": TEXT,
        **_OF_COMPANY,
        "parent": TEXT,
        "key_account": FLAG,
    },
    "campaigns": {
        "campaign": TEXT,
        "channel": TEXT,
        "promise": TEXT,
        "starts_on": DAY,
        "ends_on": DAY,
        "month": MONTH,
        "cost": MONEY,
        "currency": TEXT,
    },
    "touches": {
        "external_id": TEXT,
        "lead_external_id": TEXT,
        "email": TEXT,
        "kind": TEXT,
        "at": MOMENT,
        "campaign": TEXT,
        "detail": TEXT,
    },
    "activities": {
        "external_id": TEXT,
        "lead_external_id": TEXT,
        "email": TEXT,
        "kind": TEXT,
        "outcome": TEXT,
        "at": MOMENT,
        "done_by": TEXT,
        "note": TEXT,
    },
}
OTHERWISE = {"leads": ("source", "campaign"), "touches": ("kind", "campaign"), "activities": ("kind",)}
"""Fields that may be the same for all rows of a file, as where the people were met."""
LONGEST_OTHERWISE = 100
KEEPING = frozenset({"leads", "deals"})
"""Kinds whose records keep columns that no field of ours holds."""


@dataclass(frozen=True)
class Column:
    """One target of one column of the file."""

    header: str
    field: str
    format: str = ""
    custom: Field | None = None
    """The field that admins made, where it is one."""


@dataclass(frozen=True)
class Mapping:
    system: str
    columns: tuple[Column, ...]
    keep_unmapped: bool
    given: tables.Given
    currency: str = ""
    rule: Rule = Rule.FILL
    otherwise: dict[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    """Keys of the fields that admins made: what the mapping keeps beside a record goes by other names."""

    def mapped_headers(self) -> frozenset[str]:
        return frozenset(column.header for column in self.columns)


def parse(tree: Any, *, kind: str, fields: Fields | None = None) -> Mapping:
    """Read a mapping for a kind of ``FIELDS``. Raises ``InvalidInput`` with the path of the fault.

    ``fields``: those that are known, where the mapping may name some that admins made.
    """
    if not isinstance(tree, dict) or not isinstance(tree.get("columns"), dict) or not tree["columns"]:
        raise InvalidInput(_("A mapping needs “columns”: an object from column names to fields."), field="columns")
    system = tree.get("system")
    if not isinstance(system, str) or not 1 <= len(system.strip()) <= 50:
        raise InvalidInput(_("A mapping needs “system”: the name of the tool the file comes from."), field="system")
    unmapped = tree.get("unmapped", "drop")
    if unmapped not in ("keep", "drop"):
        raise InvalidInput(_("“unmapped” is either keep or drop."), field="unmapped")
    if unmapped == "keep" and kind not in KEEPING:
        raise InvalidInput(_("Records of this kind keep no other columns: leave “unmapped” out."), field="unmapped")
    rule = tree.get("known_leads", Rule.FILL.value) if kind == "leads" else Rule.FILL.value
    if rule not in Rule.values:
        words = {"rules": ", ".join(Rule.values)}
        raise InvalidInput(_("“known_leads” is one of: %(rules)s.") % words, field="known_leads")
    own = {"system", "columns", "unmapped", "currency", "otherwise", *(("known_leads",) if kind == "leads" else ())}
    _refuse_others(tree, own | set(tables.Given.KEYS), path="")
    currency = tree.get("currency", "")
    if not isinstance(currency, str) or not re.fullmatch("([A-Z]{3})?", currency):
        raise InvalidInput(_("“currency” is a code of three capital letters, such as JPY."), field="currency")
    known: Fields = {key: field for key, field in (fields or {}).items() if field.custom} if kind == "leads" else {}
    columns = [
        column for header, spec in tree["columns"].items() for column in _columns(str(header), spec, kind, known)
    ]
    _refuse_doubles(columns)
    _check_storable(tree)
    return Mapping(
        system=system.strip(),
        columns=tuple(columns),
        keep_unmapped=unmapped == "keep",
        given=tables.Given.from_json(tree),
        currency=currency,
        rule=Rule(rule),
        otherwise=_otherwise(tree.get("otherwise", {}), kind),
        taken=frozenset(field.custom for field in known.values()),
    )


def check_headers(mapping: Mapping, headers: Sequence[str]) -> None:
    """Refuse a file that lacks a mapped column or names one twice."""
    for header in headers:
        if header and headers.count(header) > 1 and header in mapping.mapped_headers():
            raise InvalidInput(_("The column “%(name)s” is in the file twice.") % {"name": header}, field=header)
    for header in sorted(mapping.mapped_headers()):  # the same one first each time
        if header not in headers:
            found = ", ".join(headers)[:300]
            message = _("The file has no column “%(name)s”. It has: %(found)s.") % {"name": header, "found": found}
            raise InvalidInput(message, field=header)


def _columns(header: str, spec: Any, kind: str, known: Fields) -> list[Column]:
    """The targets of one column: one field, or a list of fields."""
    parts = spec if isinstance(spec, list) else [spec]
    if not parts:
        raise InvalidInput(_no_such_field("", kind), field=f"columns.{header}")
    return [_column(header, part, kind, known) for part in parts]


def _column(header: str, spec: Any, kind: str, known: Fields) -> Column:
    path = f"columns.{header}"
    if isinstance(spec, str):
        spec = {"field": spec}
    if not isinstance(spec, dict):
        raise InvalidInput(_no_such_field(spec, kind), field=path)
    _refuse_others(spec, {"field", "format"}, path=f"{path}.")
    name, form = spec.get("field"), spec.get("format", "")
    if not isinstance(name, str) or name not in (FIELDS[kind].keys() | known.keys()):
        raise InvalidInput(_no_such_field(name, kind), field=path)
    if not isinstance(form, str) or not _is_form(form):
        raise InvalidInput(_("A format is a text such as %%Y-%%m-%%d.") % {}, field=f"{path}.format")
    return Column(header, name, form, known.get(name))


def _no_such_field(field: Any, kind: str) -> str:
    words = {"field": str(field)[:50], "fields": ", ".join(FIELDS[kind])}
    return _("There is no field “%(field)s”. Use one of: %(fields)s.") % words


def _otherwise(tree: Any, kind: str) -> dict[str, str]:
    """What rows say where they say nothing; raises ``InvalidInput`` with the path of the fault."""
    if not isinstance(tree, dict):
        raise InvalidInput(_("“otherwise” is an object from fields to texts."), field="otherwise")
    _refuse_others(tree, OTHERWISE.get(kind, ()), path="otherwise.")
    for name, value in tree.items():
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= LONGEST_OTHERWISE:
            message = _("Enter a text of at most %(max)d characters.") % {"max": LONGEST_OTHERWISE}
            raise InvalidInput(message, field=f"otherwise.{name}")
    return {name: value.strip() for name, value in tree.items()}


def _is_form(form: str) -> bool:
    """Whether dates can be read in this form."""
    if form in dates.FORMS:
        return True
    try:
        datetime.strptime(datetime(2026, 1, 5, tzinfo=UTC).strftime(form), form)  # noqa: DTZ007
    except (ValueError, re.error):  # a form that names a part twice is no expression
        return False
    return True


def _check_storable(tree: dict[str, Any]) -> None:
    """The mapping is kept with the run: refuse what no table holds."""
    if re.search("[\x00\ud800-\udfff]", "".join(_texts(tree))):
        raise InvalidInput(_("This text has a character that cannot be stored."), field="mapping")


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        tree = [*tree, *tree.values()]
    if isinstance(tree, list):
        for part in tree:
            yield from _texts(part)
    elif isinstance(tree, str):
        yield tree


def _refuse_others(tree: dict[Any, Any], known: Collection[str], *, path: str) -> None:
    for key in tree.keys() - set(known):
        message = _("“%(key)s” does not belong here. Known are: %(known)s.")
        words = {"key": str(key)[:50], "known": ", ".join(sorted(known))}
        raise InvalidInput(message % words, field=f"{path}{str(key)[:50]}")


def _refuse_doubles(columns: list[Column]) -> None:
    fields = [column.field for column in columns]
    for column in columns:
        if fields.count(column.field) > 1:
            message = _("Two columns feed the field “%(field)s”.") % {"field": column.field}
            raise InvalidInput(message, field=f"columns.{column.header}")
