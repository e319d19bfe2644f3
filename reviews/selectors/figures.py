"""Figures in one go: a constant number of queries, however many groups and rows there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from django.utils import translation
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.kernel import formats
from alignment.kernel.periods import Period
from leads.models import Campaign
from reviews.kpis.kpi import NO_FIGURE, Figure, Kpi
from reviews.kpis.registry import KPIS
from reviews.kpis.rows import RowSet, Tally, key_of_time
from reviews.kpis.scope import Basis, GroupBy, Scope

MOST_MONTHS = 60
"""More of them are no table that anybody reads."""


@dataclass(frozen=True)
class Group:
    """The figures of one group; the group of the rows without one has an empty key and is never left out.

    ``period``: of a month or year, its days.
    """

    key: str
    label: str
    figures: dict[str, Figure]
    period: Period | None = None


@dataclass(frozen=True)
class Figures:
    """The figures of a scope, all together and group by group."""

    scope: Scope
    total: dict[str, Figure]
    groups: list[Group]


def figures(
    *,
    period: Period,
    zone: ZoneInfo,
    basis: Basis = Basis.PERIOD,
    group_by: GroupBy = GroupBy.NONE,
    kpis: Iterable[Kpi] = KPIS,
) -> Figures:
    """Measure ``kpis``: per set of rows one query, and one more where there are groups; one for the groups' names."""
    kpis = list(kpis)
    scope = Scope(period=period, zone=zone, basis=basis, group_by=group_by)
    return Figures(
        scope=scope,
        total=totals(scope=scope, kpis=kpis),
        groups=[] if group_by is GroupBy.NONE else groups(scope=scope, kpis=kpis),
    )


def totals(*, scope: Scope, kpis: Iterable[Kpi] = KPIS) -> dict[str, Figure]:
    """The figures of all rows in scope (of one group, where the scope names it)."""
    kpis = list(kpis)
    tallies = {name: rows.tally(scope) for name, rows in _sets(kpis).items()}
    return _measured(kpis, tallies, GroupBy.NONE if scope.group is None else scope.group_by)


def groups(*, scope: Scope, kpis: Iterable[Kpi] = KPIS) -> list[Group]:
    """The figures group by group: the union of the groups of all figures, times in order, others by size."""
    kpis = list(kpis)
    tallies: dict[str, dict[str, Tally]] = {}
    for name, rows in _sets(kpis).items():
        for key, tally in rows.tally_by_group(replace(scope, group=None)).items():
            tallies.setdefault(key, {})[name] = tally
    labels = _labels(list(tallies), scope.group_by)
    found = [
        Group(key=key, label=labels[key], figures=_measured(kpis, of_group, scope.group_by))
        for key, of_group in tallies.items()
    ]
    if scope.group_by in (GroupBy.MONTH, GroupBy.WEEK, GroupBy.YEAR):
        return sorted(found, key=lambda group: group.key)
    sizes = {key: sum(int(tally["count"] or 0) for tally in of_group.values()) for key, of_group in tallies.items()}
    return sorted(found, key=lambda group: (not group.key, -sizes[group.key], group.label, group.key))


def beside(first: Iterable[Group], second: Iterable[Group], *, kpis: Iterable[Kpi], group_by: GroupBy) -> list[Group]:
    """Groups of some figures with those of others, reckoned on another basis; what one lacks is of no rows there."""
    kpis = list(kpis)
    found = {group.key: group for group in second}
    known = [*(group for group in first), *found.values()]
    together = {group.key: group for group in reversed(known)}
    ordered = list(dict.fromkeys(group.key for group in known))
    measured: dict[str, dict[str, Figure]] = {}
    for group in known:
        measured[group.key] = group.figures | measured.get(group.key, {})
    nothing = _measured(kpis, {}, group_by)
    ordered.sort(key=lambda key: not key)  # the rows without a group stay last
    return [replace(together[key], figures=nothing | measured[key]) for key in ordered]


def time_step(period: Period) -> GroupBy:
    """Whether a period is shown month by month or, where these would be too many, year by year."""
    return GroupBy.MONTH if period.month_count <= MOST_MONTHS else GroupBy.YEAR


def over_time(*, scope: Scope, today: date, kpis: Iterable[Kpi] = KPIS) -> list[Group]:
    """The figures of every month (or year) of the period up to today, also of those in which nothing happened."""
    kpis, step = list(kpis), time_step(scope.period)
    found = {group.key: group for group in groups(scope=replace(scope, group_by=step), kpis=kpis)}
    parts = scope.period.months() if step is GroupBy.MONTH else scope.period.years()
    every = {key_of_time(part.start, step): part for part in parts}
    labels = _labels(list(every), step)
    nothing = {kpi.key: kpi.measure({}) for kpi in kpis}
    return [
        Group(key, labels[key], found[key].figures if key in found else nothing, part)
        for key, part in every.items()
        if key in found or part.start <= today
    ]


def group_label(*, key: str, group_by: GroupBy) -> str:
    """The name under which people know a group."""
    return _labels([key], group_by)[key]


def _measured(kpis: list[Kpi], tallies: dict[str, Tally], group_by: GroupBy) -> dict[str, Figure]:
    return {kpi.key: kpi.measure(tallies) if kpi.knows(group_by) else NO_FIGURE for kpi in kpis}


def _sets(kpis: list[Kpi]) -> dict[str, RowSet]:
    return {rows.name: rows for kpi in kpis for rows in kpi.parts.values()}


def _labels(keys: list[str], group_by: GroupBy) -> dict[str, str]:
    names: dict[str, str] = {}
    match group_by:
        case GroupBy.MONTH:
            names = {key: formats.period(Period.month(key).start, Period.month(key).end) for key in keys if key}
        case GroupBy.YEAR:
            language = (translation.get_language() or "en")[:2]
            names = {key: format_skeleton("y", date(int(key), 1, 1), locale=language) for key in keys}
        case GroupBy.WEEK:
            weeks = {key: Period.week_of(date.fromisoformat(key)) for key in keys if key}
            names = {key: week.label() for key, week in weeks.items()}
        case GroupBy.OWNER:
            people = User.objects.filter(pk__in=[int(key) for key in keys if key])
            names = {str(pk): name for pk, name in people.values_list("pk", "full_name")}
        case GroupBy.CAMPAIGN:
            campaigns = Campaign.objects.filter(pk__in=[int(key) for key in keys if key])
            names = {str(pk): name for pk, name in campaigns.values_list("pk", "name")}
    return {key: names.get(key) or key or _nothing(group_by) for key in keys}


def _nothing(group_by: GroupBy) -> str:
    words = {
        GroupBy.SOURCE: _("No source given"),
        GroupBy.OWNER: _("Nobody"),
        GroupBy.PRODUCT: _("No product given"),
        GroupBy.CAMPAIGN: _("No campaign"),
    }
    return words.get(group_by, _("None"))
