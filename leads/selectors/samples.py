"""How many real leads a draft would reach: counted over the quarter that has just ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import add
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable

from alignment.accounts.models import Organisation
from alignment.kernel.periods import Period
from leads.models import Criterion, DefinitionVersion, Lead
from leads.querysets import LeadQuerySet, compile_condition, truth
from leads.rules.conditions import Condition, parse
from leads.rules.fields import FIELDS
from leads.selectors.vocabulary import known


@dataclass(frozen=True)
class Sample:
    """The leads that a draft is counted over."""

    label: str
    start: datetime
    end: datetime
    total: int

    def leads(self) -> LeadQuerySet:
        return Lead.objects.filter(captured_at__gte=self.start, captured_at__lt=self.end)


@dataclass(frozen=True)
class Scored:
    """One criterion as it counts; ``condition`` None: it cannot be read yet."""

    condition: Condition | None
    points: int
    is_disqualifier: bool

    @classmethod
    def of(cls, criterion: Criterion, condition: Condition) -> Scored:
        return cls(condition, criterion.points, criterion.kind == Criterion.Kind.DISQUALIFIER)


@dataclass(frozen=True)
class Reach:
    """How many leads meet ``each`` criterion (None where it cannot be read), and how many would be ``qualified``."""

    each: tuple[int | None, ...]
    qualified: int


def last_quarter(*, now: datetime) -> Sample:
    """Leads captured in the last full quarter of the organisation (one query)."""
    organisation = Organisation.get()
    period = _quarter_of(now.astimezone(organisation.zone).date(), organisation.fiscal_year_start_month).previous()
    start, end = period.bounds(organisation.zone)
    total = Lead.objects.filter(captured_at__gte=start, captured_at__lt=end).count()
    label = period.label(fiscal_start=organisation.fiscal_year_start_month)
    return Sample(label=label, start=start, end=end, total=total)


def reach(sample: Sample, *, criteria: Sequence[Scored], threshold: int) -> Reach:
    """Count every criterion and the whole definition over the sample, in one query.

    Each lead counts as it stood when it was captured, so that an old touch is as good as it was then.
    """
    readable = {
        f"c{index}": compile_condition(line.condition, lead_model=Lead, now=F("captured_at"))
        for index, line in enumerate(criteria)
        if line.condition is not None
    }
    columns: dict[str, Any] = {name: truth(condition) for name, condition in readable.items()}
    counts: dict[str, Any] = {f"n_{name}": Count("pk", filter=Q(**{name: True})) for name in readable}
    score, barred = _score(criteria), _barred(criteria)
    columns |= {"score": score}
    counts |= {"qualified": Count("pk", filter=Q(score__gte=threshold) & ~barred)}
    found = sample.leads().order_by().annotate(**columns).aggregate(**counts)
    each = tuple(found.get(f"n_c{index}") for index in range(len(criteria)))
    return Reach(each=each, qualified=found["qualified"])


def qualified_by(version: DefinitionVersion | None, sample: Sample) -> int | None:
    """How many of the sample a version would qualify; None without a version."""
    if version is None:
        return None
    vocabulary = known()
    scored = [Scored.of(line, parse(line.condition, vocabulary)) for line in version.criteria.all()]
    return reach(sample, criteria=scored, threshold=version.threshold).qualified


def _score(criteria: Sequence[Scored]) -> Combinable:
    parts: list[Combinable] = [Value(0, output_field=IntegerField())]
    parts += [
        Case(When(**{f"c{index}": True}, then=Value(line.points)), default=Value(0), output_field=IntegerField())
        for index, line in enumerate(criteria)
        if line.condition is not None and not line.is_disqualifier
    ]
    return reduce(add, parts)


def _barred(criteria: Sequence[Scored]) -> Q:
    barred = Q(pk__in=[])
    for index, line in enumerate(criteria):
        if line.condition is not None and line.is_disqualifier:
            barred |= Q(**{f"c{index}": True})
    return barred


def _quarter_of(day: date, start_month: int) -> Period:
    year = Period.fiscal_year_of(day, start_month=start_month).start.year
    return Period.quarter(year, (day.month - start_month) % 12 // 3 + 1, start_month=start_month)


def known_values(*, limit: int = 50) -> dict[str, list[str]]:
    """The values that real leads have for the facts that take them from data, most frequent first."""
    found = {}
    for field in FIELDS.values():
        if field.values_from_data:
            rows = Lead.objects.exclude(**{f"{field.path}__isnull": True}).exclude(**{field.path: ""})
            counted = rows.order_by().values(field.path).annotate(n=Count("pk")).order_by("-n", field.path)
            found[field.key] = list(counted.values_list(field.path, flat=True)[:limit])
    return found
