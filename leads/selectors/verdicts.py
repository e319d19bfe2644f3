"""A verdict in words: every criterion, the value that was seen, and the points."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from leads.models import Criterion, Verdict
from leads.rules.conditions import Test, TouchCount, leaves, parse
from leads.rules.fields import FieldType, Vocabulary
from leads.rules.sentences import say, say_fact, say_kind, say_value
from leads.selectors.vocabulary import known

Leaf = Test | TouchCount


@dataclass(frozen=True)
class Line:
    """One criterion's answer. ``worth``: the points it would have given; ``seen``: the values looked at, as text;
    ``found``: the same as a sentence that names each value wherever there are several."""

    sentence: str
    met: bool
    points: int
    worth: int
    is_disqualifier: bool
    why: str
    seen: tuple[str, ...]
    found: str


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


def explain(verdict: Verdict, *, vocabulary: Vocabulary | None = None) -> VerdictView:
    """The verdict in sentences, from what was stored with it: later edits of the definition do not show.

    ``vocabulary``: give it where several verdicts are explained, so that what is known is read once.
    """
    vocabulary = known() if vocabulary is None else vocabulary
    return VerdictView(
        is_qualified=verdict.is_qualified,
        is_disqualified=verdict.is_disqualified,
        points=verdict.points,
        threshold=verdict.threshold,
        version_number=verdict.version.number,
        lines=tuple(_line(answer, vocabulary) for answer in verdict.answers),
    )


def _line(answer: dict[str, object], vocabulary: Vocabulary) -> Line:
    condition = parse(answer["condition"], vocabulary)
    looked_at = list(leaves(condition))
    values = answer["seen"]
    assert isinstance(values, list)
    seen = tuple(_shown(leaf, value) for leaf, value in zip(looked_at, values, strict=True))
    return Line(
        sentence=say(condition),
        met=bool(answer["met"]),
        points=int(str(answer["points"])),
        worth=int(str(answer["worth"])),
        is_disqualifier=answer["kind"] == Criterion.Kind.DISQUALIFIER,
        why=str(answer["why"]),
        seen=seen,
        found=_found(looked_at, values, seen),
    )


def _shown(leaf: Leaf, value: Any) -> str:
    is_date = isinstance(leaf, Test) and leaf.field.type is FieldType.DATE and isinstance(value, str)
    if is_date:
        return str(value[:10])
    return say_fact(leaf.field, value) if isinstance(leaf, Test) else say_value(value)


def _found(looked_at: list[Leaf], values: list[Any], seen: tuple[str, ...]) -> str:
    """“found: 250” for one value, whose name the criterion says; “found: inquiry 1, seminar 0” for several."""
    if not seen:
        return ""
    if len(seen) == 1:
        return _("found: %(values)s") % {"values": seen[0]}
    kinds = Counter(leaf.kind for leaf in set(looked_at) if isinstance(leaf, TouchCount))
    named = [
        _named(_name(leaf, with_days=isinstance(leaf, TouchCount) and kinds[leaf.kind] > 1), value, shown)
        for leaf, value, shown in zip(looked_at, values, seen, strict=True)
    ]
    return _("found: %(values)s") % {"values": pgettext("list separator", ", ").join(dict.fromkeys(named))}


def _name(leaf: Leaf, *, with_days: bool) -> str:
    if isinstance(leaf, Test):
        return str(leaf.field.label)
    kind = say_kind(leaf)
    if with_days and leaf.within_days is not None:
        return _("%(kind)s in the last %(days)d days") % {"kind": kind, "days": leaf.within_days}
    return kind


def _named(name: str, value: Any, shown: str) -> str:
    """One value with its name: a count as a number, a text in quotes."""
    words = {"name": name, "value": shown}
    if value is None or value == "":
        return _("%(name)s not known") % words
    if isinstance(value, int | float) and not isinstance(value, bool):
        return pgettext("value found", "%(name)s %(value)s") % words
    return pgettext("value found", "%(name)s “%(value)s”") % words
