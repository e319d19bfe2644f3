"""The criteria of a version: checked before they are written, always as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.models import Criterion, DefinitionVersion
from leads.rules.conditions import ConditionFault, dump, parse
from leads.rules.fields import Vocabulary
from leads.services.texts import check_text

MAX_CRITERIA = 50
MAX_POINTS = 1000
MAX_THRESHOLD = MAX_CRITERIA * MAX_POINTS
MAX_WHY = 300


@dataclass(frozen=True)
class CriterionData:
    """One line of a draft. ``condition`` is a JSON tree of the condition language; a disqualifier has no points."""

    condition: Any
    points: int = 0
    kind: str = Criterion.Kind.POINTS
    why: str = ""


def checked(criteria: Sequence[CriterionData], vocabulary: Vocabulary) -> list[CriterionData]:
    """The criteria in their stored form; raises ``InvalidInput`` with a path such as ``criteria[2].condition.op``."""
    if len(criteria) > MAX_CRITERIA:
        raise InvalidInput(_("At most %(max)d criteria.") % {"max": MAX_CRITERIA}, field="criteria")
    return [_checked_line(line, f"criteria[{index}]", vocabulary) for index, line in enumerate(criteria)]


def data_of(criterion: Criterion) -> CriterionData:
    """A stored criterion as data."""
    return CriterionData(condition=criterion.condition, points=criterion.points, kind=criterion.kind, why=criterion.why)


def write(version: DefinitionVersion, criteria: Sequence[CriterionData]) -> None:
    """Replace the criteria of a draft."""
    version.criteria.all().delete()
    Criterion.objects.bulk_create(
        Criterion(version=version, position=position, **vars(line)) for position, line in enumerate(criteria)
    )


def _checked_line(line: CriterionData, path: str, vocabulary: Vocabulary) -> CriterionData:
    try:
        condition = dump(parse(line.condition, vocabulary))
    except ConditionFault as fault:
        inner = f".{fault.field}" if fault.field else ""
        raise ConditionFault(fault.message, field=f"{path}.condition{inner}") from fault
    if line.kind not in Criterion.Kind.values:
        raise InvalidInput(_("Choose points or disqualifier."), field=f"{path}.kind")
    is_points = line.kind == Criterion.Kind.POINTS
    if is_points and (line.points == 0 or abs(line.points) > MAX_POINTS):
        raise InvalidInput(_("Give points from −1000 to 1000, but not 0."), field=f"{path}.points")
    check_text(line.why, longest=MAX_WHY, field=f"{path}.why")
    points = line.points if is_points else 0
    return CriterionData(condition=condition, points=points, kind=line.kind, why=line.why.strip())
