"""The rows behind figures. A figure aggregates exactly the query that opens when it is clicked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Avg, Count, DateField, F, FloatField, Min, Model, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, TruncMonth, TruncWeek, TruncYear
from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from alignment.kernel.periods import Period
from reviews.kpis.expressions import Median
from reviews.kpis.scope import Basis, GroupBy, Scope

Key = str
Tally = dict[str, float | int | None]
"""``count`` and, where rows have a value, ``sum``, ``mean`` and ``median``."""


@dataclass(frozen=True)
class RowSet:
    """Rows of one kind: which (``facts``), their own ``moment``, whose they are, and the way to their lead.

    ``product`` is empty where rows have none. ``value`` is what is measured on each row where a figure is more than a
    count. ``repeats``: the moment lies on a joined table, so the query may bring a row more than once; it is counted
    once.
    """

    name: str
    model: type[Model]
    facts: Q
    moment: str | Combinable
    owner: str | Combinable
    to_lead: str = ""
    product: str = ""
    listed_moment: str = ""
    value: Callable[[ZoneInfo], Combinable] | None = None
    repeats: bool = False

    def knows(self, group_by: GroupBy) -> bool:
        """Whether its rows lie in such groups: only deals have a product."""
        return group_by is not GroupBy.PRODUCT or bool(self.product)

    def matching(self, scope: Scope) -> QuerySet[Any]:
        """The rows in scope: what a figure counts and what its list shows."""
        start, end = scope.period.bounds(scope.zone)
        rows = (
            self.model._default_manager.filter(self.facts)
            .alias(when=self._when(scope.basis))
            .filter(when__gte=start, when__lt=end)
        )
        if scope.group is None or scope.group_by is GroupBy.NONE:
            return rows
        if not self.knows(scope.group_by):
            return rows.none()
        wanted = _value_of(scope.group, scope.group_by)
        grouped = rows.alias(in_group=self._group(scope))
        return grouped.filter(in_group__isnull=True) if wanted is None else grouped.filter(in_group=wanted)

    def listing(self, scope: Scope) -> QuerySet[Any]:
        """The rows in scope, each once, newest first, with their own ``moment`` and, where measured, ``value_seen``."""
        rows = self.matching(scope)
        if self.repeats:
            rows = self.model._default_manager.filter(pk__in=rows.values("pk"))
        rows = rows.annotate(moment=_expression(self.listed_moment or self.moment))
        if self.value is not None:
            rows = rows.annotate(value_seen=self._number(scope))
        return rows.order_by("-moment", "-pk")

    def tally(self, scope: Scope) -> Tally:
        """Count and measure all rows in scope (one query)."""
        return self.matching(scope).aggregate(**self._aggregates(scope))

    def tally_by_group(self, scope: Scope) -> dict[Key, Tally]:
        """Count and measure the rows in scope group by group (one query)."""
        if not self.knows(scope.group_by):
            return {}
        rows = self.matching(scope).annotate(in_group=self._group(scope)).order_by()
        found = rows.values("in_group").annotate(**self._aggregates(scope))
        return {_key_of(row.pop("in_group"), scope.group_by): row for row in found if row["count"]}

    def first_moment(self) -> datetime | None:
        """When the first of these rows ever happened; before that there was nothing to count."""
        rows = self.model._default_manager.filter(self.facts)
        first: datetime | None = rows.aggregate(first=Min(_expression(self.moment)))["first"]
        return first

    def _aggregates(self, scope: Scope) -> dict[str, Any]:
        aggregates: dict[str, Any] = {"count": Count("pk", distinct=self.repeats)}
        if self.value is not None:
            number = self._number(scope)
            aggregates |= {"sum": Sum(number), "mean": Avg(number), "median": Median(number)}
        return aggregates

    def _number(self, scope: Scope) -> Combinable:
        assert self.value is not None
        return Cast(self.value(scope.zone), FloatField())

    def _when(self, basis: Basis) -> Combinable:
        return _expression(self.moment if basis is Basis.PERIOD else f"{self.to_lead}captured_at")

    def _group(self, scope: Scope) -> Combinable:
        paths: dict[GroupBy, Combinable] = {
            GroupBy.MONTH: TruncMonth("when", tzinfo=scope.zone, output_field=DateField()),
            GroupBy.WEEK: TruncWeek("when", tzinfo=scope.zone, output_field=DateField()),
            GroupBy.YEAR: TruncYear("when", tzinfo=scope.zone, output_field=DateField()),
            GroupBy.SOURCE: Coalesce(F(f"{self.to_lead}source"), Value("")),
            GroupBy.OWNER: _expression(self.owner),
            GroupBy.CAMPAIGN: F(f"{self.to_lead}campaign"),
            GroupBy.PRODUCT: F(self.product),
        }
        return paths[scope.group_by]


def _expression(path: str | Combinable) -> Combinable:
    return F(path) if isinstance(path, str) else path


def key_of_time(first: date, group_by: GroupBy) -> Key:
    """The key of the month, week or year that begins on this day."""
    lengths = {GroupBy.YEAR: 4, GroupBy.MONTH: 7}
    return first.isoformat()[: lengths.get(group_by)]


def _key_of(value: Any, group_by: GroupBy) -> Key:
    """The key under which a group is known outside; of what is blank it is empty."""
    if isinstance(value, date):
        return key_of_time(value, group_by)
    return "" if value is None else str(value)


def _value_of(key: Key, group_by: GroupBy) -> Any:
    """What the database compares a group with; None where the group is that of the rows without one."""
    match group_by:
        case GroupBy.MONTH | GroupBy.WEEK | GroupBy.YEAR:
            return _first_day(key, group_by)
        case GroupBy.OWNER | GroupBy.CAMPAIGN:
            if key and (not key.isdecimal() or len(key) > 18):
                raise _no_group(key)
            return int(key) if key else None
        case _:
            return key.replace("\x00", "\ufffd")  # PostgreSQL cannot hold the former


def _first_day(key: Key, group_by: GroupBy) -> date:
    try:
        if group_by is GroupBy.MONTH:
            return Period.month(key).start
        return date.fromisoformat(f"{key}-01-01" if group_by is GroupBy.YEAR else key)
    except (InvalidInput, ValueError) as error:
        raise _no_group(key) from error


def _no_group(key: Key) -> InvalidInput:
    return InvalidInput(_("There is no group “%(key)s”.") % {"key": key}, field="group")
