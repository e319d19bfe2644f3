"""Reads which figures a page or a program asks for: the same parameters, defaults and refusals on both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation
from alignment.kernel.errors import InvalidInput
from alignment.kernel.periods import Period
from reviews.kpis.kpi import Part
from reviews.kpis.scope import Basis, GroupBy, Scope

GROUPINGS = (GroupBy.NONE, GroupBy.SOURCE, GroupBy.MONTH, GroupBy.OWNER, GroupBy.PRODUCT, GroupBy.CAMPAIGN)

Choice = TypeVar("Choice", bound=TextChoices)


def read_scope(params: Mapping[str, str], *, organisation: Organisation, today: date) -> Scope:
    """The scope that ``from``, ``to``, ``basis``, ``group_by`` and ``group`` name; by default this year by period.

    Raise ``InvalidInput`` whose ``field`` is the parameter at fault.
    """
    start, end = params.get("from"), params.get("to")
    if start or end:
        period = Period.parse(start, end)
    else:
        period = Period.fiscal_year_of(today, start_month=organisation.fiscal_year_start_month)
    scope = Scope(
        period=period,
        zone=organisation.zone,
        basis=_choice(params, "basis", list(Basis), Basis.PERIOD),
        group_by=_choice(params, "group_by", list(GROUPINGS), GroupBy.NONE),
    )
    if "group" not in params:
        return scope
    if scope.group_by is GroupBy.NONE:
        raise InvalidInput(_("A group needs “group_by”."), field="group_by")
    return replace(scope, group=params["group"])


def read_part(params: Mapping[str, str]) -> Part | None:
    """The part of a figure whose rows are meant; None leaves it to the figure."""
    return _choice(params, "part", list(Part), None) if params.get("part") else None


def write_query(scope: Scope, *, group: str | None = None, part: Part | None = None) -> str:
    """The query string that ``read_scope`` and ``read_part`` read, for links."""
    query = {"from": scope.period.start, "to": scope.period.end, "basis": scope.basis.value}
    if scope.group_by is not GroupBy.NONE:
        query["group_by"] = scope.group_by.value
        group = scope.group if group is None else group
        if group is not None:
            query["group"] = group
    if part is not None:
        query["part"] = part.value
    return urlencode(query)


def _choice(params: Mapping[str, str], name: str, choices: list[Choice], default: Choice | None) -> Choice:
    value = params.get(name)
    if not value and default is not None:
        return default
    for choice in choices:
        if choice.value == value:
            return choice
    known = ", ".join(choice.value for choice in choices)
    raise InvalidInput(
        _("“%(name)s” is “%(value)s”; it must be one of: %(known)s.") % {"name": name, "value": value, "known": known},
        field=name,
    )
