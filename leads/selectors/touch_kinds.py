"""The kinds of touches: their words, which may be chosen, and what uses each."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass

from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _

from alignment.kernel.errors import NotFound
from leads.models import Criterion, DefinitionVersion, Touch, TouchKind
from leads.rules import versions
from leads.rules.conditions import Condition, ConditionFault, TouchCount, leaves, parse
from leads.selectors.stated import conditions
from leads.selectors.vocabulary import known

Choices = list[tuple[str, str]]


def kinds() -> QuerySet[TouchKind]:
    """All of them in their order, those out of use last."""
    return TouchKind.objects.order_by("-is_active", "position", "key")


def choices(*, also: str = "") -> Choices:
    """Those in use; ``also`` is one that stands there already and may stay."""
    return [(kind.key, kind.label) for kind in kinds() if kind.is_active or kind.key == also]


def kind(key: str) -> TouchKind:
    """One of them; raises ``NotFound``."""
    found = TouchKind.objects.filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such kind of touch."))
    return found


def last_position() -> int:
    """The place of the last of them."""
    return TouchKind.objects.aggregate(last=Max("position"))["last"] or 0


@dataclass(frozen=True)
class Use:
    """A kind, how many touches are of it, how many criteria of the versions in force or on their way ask for it, and
    the names of the rules that do."""

    kind: TouchKind
    touches: int
    criteria: int
    rules: list[str]


def uses() -> list[Use]:
    """All kinds in their order, with what uses each (a constant number of queries)."""
    counted = dict(Touch.objects.order_by().values_list("kind_id").annotate(Count("pk")))
    asked, rules = _asked_for(), _rules()
    return [Use(kind, counted.get(kind.key, 0), asked[kind.key], rules[kind.key]) for kind in kinds()]


def use_of(kind: TouchKind) -> Use:
    """What uses one of them."""
    return Use(kind, Touch.objects.filter(kind=kind).count(), _asked_for()[kind.key], _rules()[kind.key])


def _asked_for() -> Counter[str]:
    """How many criteria ask for each kind, where they judge leads now or may soon."""
    living = {DefinitionVersion.Status.IN_FORCE, *versions.OPEN_STATUSES}
    lines = Criterion.objects.filter(version__status__in=living).values_list("condition", flat=True)
    vocabulary = known()
    conditions = [parse(line, vocabulary) for line in lines]
    return Counter(key for condition in conditions for key in _kinds_of(condition))


def _rules() -> dict[str, list[str]]:
    """The names of the rules that ask for each kind, and are gone by."""
    vocabulary, found = known(), defaultdict[str, list[str]](list)
    for stated in conditions():
        with suppress(ConditionFault):  # one that cannot be read asks for nothing
            for key in _kinds_of(parse(stated.condition, vocabulary)) if stated.is_binding else ():
                found[key].append(stated.name)
    return found


def _kinds_of(condition: Condition) -> set[str]:
    return {leaf.kind.key for leaf in leaves(condition) if isinstance(leaf, TouchCount) and leaf.kind}
