"""The rows of the definition builder as plain values: read from a version or from what was sent, moved, written out.

A criterion whose condition is one test, or several joined by one word, is edited in rows. Any other tree (groups in
groups, made by a program) is kept as it is: its row names the stored criterion and only points and reason are edited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from alignment.kernel.inputs import whole_number
from leads.models import Criterion, DefinitionVersion
from leads.rules.conditions import Condition, Group, Negation, Op, Test, TouchCount, parse
from leads.rules.fields import Vocabulary
from leads.rules.sentences import say_fact

TOUCHES = "touches"
FEWER = "fewer"
NOT = "not_"
SEPARATORS = r"[,、,\n]"
"""Between the values of “is one of”."""
MAX_ROWS = 60


@dataclass
class TestValues:
    """One test as its inputs hold it. ``field`` is a key of the fields, or "touches"."""

    field: str = ""
    op: str = ""
    value: str = ""
    touch_kind: str = ""
    at_least: str = "1"
    within_days: str = ""


@dataclass
class CriterionValues:
    """One criterion as its inputs hold it. ``keep``: the id of a stored criterion whose condition stays as it is."""

    kind: str = Criterion.Kind.POINTS.value
    points: str = "10"
    why: str = ""
    join: str = "all"
    keep: str = ""
    tests: list[TestValues] = field(default_factory=lambda: [TestValues()])


@dataclass
class VersionValues:
    """The whole form."""

    threshold: str = ""
    reason: str = ""
    takes_effect_at: str = ""
    seen: str = ""
    criteria: list[CriterionValues] = field(default_factory=list)


def of_version(version: DefinitionVersion, *, seen: int, known: Vocabulary) -> VersionValues:
    """The stored content as form values."""
    starts: datetime | None = version.takes_effect_at
    return VersionValues(
        threshold=str(version.threshold or ""),
        reason=version.reason,
        takes_effect_at=timezone.localtime(starts).strftime("%Y-%m-%dT%H:%M") if starts else "",
        seen=str(seen),
        criteria=[_of_criterion(line, known) for line in version.criteria.all()],
    )


def of_post(data: Mapping[str, Any]) -> VersionValues:
    """What was sent, whatever it holds; an input that was not there yet has its first value. Never raises."""

    def text(name: str, default: str = "") -> str:
        return str(data.get(name, default))

    def read(cls: type[Any], prefix: str) -> dict[str, str]:
        first = {name: default for name, default in asdict(cls()).items() if isinstance(default, str)}
        return {name: text(f"{prefix}{name}", default) for name, default in first.items()}

    criteria = []
    for index in range(_count(text("criteria-count"))):
        prefix = f"c{index}-"
        tests = [TestValues(**read(TestValues, f"{prefix}t{i}-")) for i in range(_count(text(f"{prefix}tests-count")))]
        criteria.append(CriterionValues(**read(CriterionValues, prefix), tests=tests))
    return VersionValues(**read(VersionValues, ""), criteria=criteria)


def seen_event(text: str) -> int | None:
    """The last event that a page showed; what cannot be read is older than any, so that the page is read again."""
    return (whole_number(text) or 0) if text else None


def flat(values: VersionValues) -> dict[str, str]:
    """The values under the names of their inputs."""
    found = {name: value for name, value in asdict(values).items() if isinstance(value, str)}
    found["criteria-count"] = str(len(values.criteria))
    for index, criterion in enumerate(values.criteria):
        prefix = f"c{index}-"
        found |= {f"{prefix}{name}": value for name, value in asdict(criterion).items() if isinstance(value, str)}
        found[f"{prefix}tests-count"] = str(len(criterion.tests))
        for i, test in enumerate(criterion.tests):
            found |= {f"{prefix}t{i}-{name}": value for name, value in asdict(test).items()}
    return found


def changed(values: VersionValues, action: str) -> VersionValues:
    """The values after a button for rows: ``add``, ``remove-2``, ``up-2``, ``down-2``, ``test-2``, ``untest-2-0``."""
    verb, *places = action.split("-")
    index = [place for text in places if (place := whole_number(text)) is not None]
    rows = values.criteria
    if verb == "add" and len(rows) < MAX_ROWS:
        rows.append(CriterionValues())
    elif index and index[0] < len(rows):
        _change_row(rows, verb, index)
    return values


def _change_row(rows: list[CriterionValues], verb: str, index: list[int]) -> None:
    here = index[0]
    match verb:
        case "remove":
            del rows[here]
        case "up" if here > 0:
            rows.insert(here - 1, rows.pop(here))
        case "down":
            rows.insert(here + 1, rows.pop(here))
        case "test" if len(rows[here].tests) < MAX_ROWS:
            rows[here].tests.append(TestValues())
        case "untest" if len(index) > 1 and index[1] < len(rows[here].tests):
            del rows[here].tests[index[1]]


def tree_of_test(test: TestValues, value: Any) -> dict[str, Any]:
    """The condition of one test; ``value`` is already in the type of the field."""
    if test.field == TOUCHES:
        touches = {"kind": test.touch_kind, **value}
        tree: dict[str, Any] = {"touches": touches}
        return {"not": tree} if test.op == FEWER else tree
    op = test.op.removeprefix(NOT)
    tree = {"field": test.field, "op": op} | ({} if value is None else {"value": value})
    return {"not": tree} if test.op.startswith(NOT) else tree


def tree_of_criterion(criterion: CriterionValues, tests: list[dict[str, Any]]) -> dict[str, Any]:
    """One test alone, several under their word."""
    if len(tests) == 1:
        return tests[0]
    return {"any" if criterion.join == "any" else "all": tests}


def rows_of(condition: Condition) -> tuple[str, list[TestValues]] | None:
    """The joining word and the tests, or None where the tree is more than rows can show."""
    parts = condition.parts if isinstance(condition, Group) and condition.parts else (condition,)
    tests = [_of_part(part) for part in parts]
    known = [test for test in tests if test is not None]
    if len(known) < len(tests):
        return None
    return ("any" if isinstance(condition, Group) and not condition.every else "all", known)


def _of_criterion(line: Criterion, known: Vocabulary) -> CriterionValues:
    found = rows_of(parse(line.condition, known))
    values = CriterionValues(kind=line.kind, points=str(line.points or ""), why=line.why)
    if found is None:
        values.keep, values.tests = str(line.pk), []
    else:
        values.join, values.tests = found
    return values


def _of_part(part: Condition) -> TestValues | None:
    negated = isinstance(part, Negation)
    leaf = part.part if isinstance(part, Negation) else part
    if isinstance(leaf, TouchCount):
        return TestValues(
            field=TOUCHES,
            op=FEWER if negated else Op.AT_LEAST.value,
            touch_kind=leaf.kind.key if leaf.kind else "",
            at_least=str(leaf.at_least),
            within_days=str(leaf.within_days or ""),
        )
    several = [say_fact(leaf.field, text) for text in leaf.value] if isinstance(leaf, Test) and leaf.op is Op.IN else []
    if not isinstance(leaf, Test) or any(re.search(SEPARATORS, text) for text in several):
        return None
    value = ", ".join(several) if several else "" if leaf.value is None else str(leaf.value)
    return TestValues(field=leaf.field.key, op=f"{NOT if negated else ''}{leaf.op.value}", value=value)


def _count(text: str) -> int:
    return min(whole_number(text) or 0, MAX_ROWS)
