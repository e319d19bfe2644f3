"""A verdict in words: every criterion, the value that was seen, and the points."""

from __future__ import annotations

from dataclasses import dataclass

from leads.models import Criterion, Verdict
from leads.rules.conditions import Condition, Test, leaves, parse
from leads.rules.fields import FieldType
from leads.rules.sentences import say, say_value


@dataclass(frozen=True)
class Line:
    """One criterion's answer. ``worth``: the points it would have given; ``seen``: the values looked at, as text."""

    sentence: str
    met: bool
    points: int
    worth: int
    is_disqualifier: bool
    why: str
    seen: tuple[str, ...]


@dataclass(frozen=True)
class VerdictView:
    """A verdict as it is shown, in the active language."""

    is_qualified: bool
    is_disqualified: bool
    points: int
    threshold: int
    version_number: int
    lines: tuple[Line, ...]

    @property
    def missing(self) -> tuple[Line, ...]:
        """What would still give points, most first."""
        unmet = (line for line in self.lines if not line.met and not line.is_disqualifier and line.worth > 0)
        return tuple(sorted(unmet, key=lambda line: -line.worth))


def explain(verdict: Verdict) -> VerdictView:
    """The verdict in sentences, from what was stored with it: later edits of the definition do not show."""
    return VerdictView(
        is_qualified=verdict.is_qualified,
        is_disqualified=verdict.is_disqualified,
        points=verdict.points,
        threshold=verdict.threshold,
        version_number=verdict.version.number,
        lines=tuple(_line(answer) for answer in verdict.answers),
    )


def _line(answer: dict[str, object]) -> Line:
    condition = parse(answer["condition"])
    return Line(
        sentence=say(condition),
        met=bool(answer["met"]),
        points=int(str(answer["points"])),
        worth=int(str(answer["worth"])),
        is_disqualifier=answer["kind"] == Criterion.Kind.DISQUALIFIER,
        why=str(answer["why"]),
        seen=_seen(condition, answer["seen"]),
    )


def _seen(condition: Condition, values: object) -> tuple[str, ...]:
    assert isinstance(values, list)
    shown = []
    for leaf, value in zip(leaves(condition), values, strict=True):
        is_date = isinstance(leaf, Test) and leaf.field.type is FieldType.DATE and isinstance(value, str)
        shown.append(value[:10] if is_date else say_value(value))
    return tuple(shown)
