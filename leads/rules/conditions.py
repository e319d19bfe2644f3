"""The condition language: one small typed JSON tree for definitions, routing rules and filters. Pure.

    {"all": [condition, ...]}      every one holds (an empty list holds)
    {"any": [condition, ...]}      at least one holds (an empty list does not)
    {"not": condition}
    {"field": "employees", "op": "at_least", "value": 100}
    {"touches": {"kind": "download", "at_least": 2, "within_days": 30}}    kind "" counts every kind

A test on a fact that is not known does not hold, and its negation does: the language is two-valued.
``parse`` refuses anything else and names the path of the fault; what it returns is safe to compile. It is told which
fields and kinds of touch there are: a key that is none of theirs goes no further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.rules.fields import Field, FieldType, TouchWord, Vocabulary

MAX_DEPTH = 8
MAX_NODES = 200
MAX_TEXT = 200


class ConditionFault(InvalidInput):
    """A condition that cannot be read; ``field`` is the path of the fault, e.g. ``all[1].value``."""

    code = "condition_fault"


class Op(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    IS_TRUE = "is_true"
    IS_FALSE = "is_false"
    WITHIN_DAYS = "within_days"
    BEFORE_DAYS = "before_days"
    NEXT_DAYS = "next_days"
    IS_BLANK = "is_blank"
    IS_PRESENT = "is_present"


OPERATORS: dict[FieldType, tuple[Op, ...]] = {
    FieldType.TEXT: (Op.IS, Op.IS_NOT, Op.IN, Op.CONTAINS, Op.STARTS_WITH, Op.IS_BLANK, Op.IS_PRESENT),
    FieldType.NUMBER: (Op.AT_LEAST, Op.AT_MOST, Op.IS, Op.IS_BLANK, Op.IS_PRESENT),
    FieldType.FLAG: (Op.IS_TRUE, Op.IS_FALSE),
    FieldType.DATE: (Op.WITHIN_DAYS, Op.BEFORE_DAYS, Op.IS_BLANK, Op.IS_PRESENT),
    FieldType.DAY: (
        Op.AT_LEAST,
        Op.AT_MOST,
        Op.WITHIN_DAYS,
        Op.BEFORE_DAYS,
        Op.NEXT_DAYS,
        Op.IS_BLANK,
        Op.IS_PRESENT,
    ),
    FieldType.CHOICE: (Op.IS, Op.IS_NOT, Op.IN, Op.IS_BLANK, Op.IS_PRESENT),
}
WITHOUT_VALUE = frozenset({Op.IS_TRUE, Op.IS_FALSE, Op.IS_BLANK, Op.IS_PRESENT})
IN_DAYS = frozenset({Op.WITHIN_DAYS, Op.BEFORE_DAYS, Op.NEXT_DAYS})
"""Operators whose value is a number of days from now."""


@dataclass(frozen=True)
class Test:
    """One fact compared with one value."""

    __test__ = False  # not one of pytest's

    field: Field
    op: Op
    value: Any = None


@dataclass(frozen=True)
class TouchCount:
    """At least ``at_least`` touches of ``kind`` (None = any) in the last ``within_days`` days (None = ever)."""

    kind: TouchWord | None
    at_least: int
    within_days: int | None


@dataclass(frozen=True)
class Group:
    """``all`` or ``any`` of several conditions."""

    every: bool
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Negation:
    part: Condition


Condition = Test | TouchCount | Group | Negation


def parse(tree: Any, vocabulary: Vocabulary) -> Condition:
    """Read a JSON tree that names fields and kinds of touch of this ``vocabulary``.

    Raises ``ConditionFault`` with the path of the first fault.
    """
    return _Reader(vocabulary).read(tree, "", 1)


def dump(condition: Condition) -> dict[str, Any]:
    """The JSON tree of a condition; ``parse(dump(c)) == c``."""
    match condition:
        case Group():
            return {"all" if condition.every else "any": [dump(part) for part in condition.parts]}
        case Negation():
            return {"not": dump(condition.part)}
        case TouchCount():
            touches = {
                "kind": condition.kind.key if condition.kind else "",
                "at_least": condition.at_least,
                "within_days": condition.within_days,
            }
            return {"touches": touches}
        case Test():
            value = list(condition.value) if condition.op is Op.IN else condition.value
            tree = {"field": condition.field.key, "op": condition.op.value}
            return tree if condition.op in WITHOUT_VALUE else tree | {"value": value}


def leaves(condition: Condition) -> Iterator[Test | TouchCount]:
    """Every test in the tree, from left to right."""
    match condition:
        case Group():
            for part in condition.parts:
                yield from leaves(part)
        case Negation():
            yield from leaves(condition.part)
        case _:
            yield condition


def depends_on_time(condition: Condition) -> bool:
    """Whether the answer may change as days go by, with nobody touching the lead."""
    return any(
        leaf.within_days is not None if isinstance(leaf, TouchCount) else leaf.op in IN_DAYS
        for leaf in leaves(condition)
    )


class _Reader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.nodes = 0

    def read(self, tree: Any, path: str, depth: int) -> Condition:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise ConditionFault(_("The condition is nested too deeply or has too many parts."), field=path)
        if not isinstance(tree, dict):
            raise ConditionFault(_('A condition is an object such as {"all": [...]}.'), field=path)
        for key, reader in self._READERS.items():
            if key in tree:
                return reader(self, tree, path, depth)
        raise ConditionFault(_("A condition needs one of: all, any, not, field, touches."), field=path)

    def _group(self, tree: dict[str, Any], path: str, depth: int) -> Condition:
        key = "all" if "all" in tree else "any"
        _only({key}, tree, path)
        parts = tree[key]
        if not isinstance(parts, list):
            raise ConditionFault(_("Expected a list of conditions."), field=_join(path, key))
        return Group(
            every=key == "all",
            parts=tuple(self.read(part, f"{_join(path, key)}[{i}]", depth + 1) for i, part in enumerate(parts)),
        )

    def _negation(self, tree: dict[str, Any], path: str, depth: int) -> Condition:
        _only({"not"}, tree, path)
        return Negation(self.read(tree["not"], _join(path, "not"), depth + 1))

    def _test(self, tree: dict[str, Any], path: str, depth: int) -> Condition:
        _only({"field", "op", "value"}, tree, path)
        field = self.vocabulary.fields.get(tree["field"]) if isinstance(tree["field"], str) else None
        if field is None:
            raise ConditionFault(_("There is no such field."), field=_join(path, "field"))
        allowed = OPERATORS[field.type]
        op = next((op for op in allowed if op.value == tree.get("op")), None)
        if op is None:
            options = ", ".join(op.value for op in allowed)
            message = _("This operator does not fit the field. Use one of: %(options)s.") % {"options": options}
            raise ConditionFault(message, field=_join(path, "op"))
        if op in WITHOUT_VALUE:
            return Test(field, op)
        return Test(field, op, _VALUES[field.type](field, op, tree.get("value"), _join(path, "value")))

    def _touches(self, tree: dict[str, Any], path: str, depth: int) -> Condition:
        _only({"touches"}, tree, path)
        spec, here = tree["touches"], _join(path, "touches")
        if not isinstance(spec, dict):
            raise ConditionFault(_("Expected kind, at_least and within_days."), field=here)
        _only({"kind", "at_least", "within_days"}, spec, here)
        key = spec.get("kind", "")
        kind = self.vocabulary.kinds.get(key) if isinstance(key, str) and key else None
        if kind is None and key != "":
            raise ConditionFault(_("There is no such kind of touch."), field=_join(here, "kind"))
        within = spec.get("within_days")
        return TouchCount(
            kind=kind,
            at_least=_whole(spec.get("at_least"), _join(here, "at_least"), 1, 10_000),
            within_days=None if within is None else _whole(within, _join(here, "within_days"), 1, 36_500),
        )

    _READERS: dict[str, Callable[[_Reader, dict[str, Any], str, int], Condition]] = {
        "all": _group,
        "any": _group,
        "not": _negation,
        "field": _test,
        "touches": _touches,
    }


def _text_value(_field: Field, op: Op, value: Any, path: str) -> Any:
    if op is not Op.IN:
        return _text(value, path)
    return tuple(_text(item, f"{path}[{i}]") for i, item in enumerate(_several(value, path)))


def _choice_value(field: Field, op: Op, value: Any, path: str) -> Any:
    if op is not Op.IN:
        return _choice(field, value, path)
    return tuple(_choice(field, item, f"{path}[{i}]") for i, item in enumerate(_several(value, path)))


def _number_value(_field: Field, _op: Op, value: Any, path: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e12:
        raise ConditionFault(_("Expected a number."), field=path)
    return value


def _days_value(_field: Field, _op: Op, value: Any, path: str) -> int:
    return _whole(value, path, 0, 36_500)


def _day_value(field: Field, op: Op, value: Any, path: str) -> int | str:
    if op in IN_DAYS:
        return _days_value(field, op, value, path)
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ConditionFault(_("Expected a day written as 2026-01-05."), field=path) from None


_VALUES: dict[FieldType, Callable[[Field, Op, Any, str], Any]] = {
    FieldType.TEXT: _text_value,
    FieldType.NUMBER: _number_value,
    FieldType.DATE: _days_value,
    FieldType.DAY: _day_value,
    FieldType.CHOICE: _choice_value,
}


def _several(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise ConditionFault(_("Expected a list with at least one text."), field=path)
    return value


def _choice(field: Field, value: Any, path: str) -> str:
    if not isinstance(value, str) or field.choice(value) is None:
        options = ", ".join(choice.value for choice in field.choices)
        raise ConditionFault(_("Expected one of: %(options)s.") % {"options": options}, field=path)
    return value


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or "\x00" in value:
        raise ConditionFault(_("Expected a text of 1 to %(max)d characters.") % {"max": MAX_TEXT}, field=path)
    return value.strip()


def _whole(value: Any, path: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConditionFault(
            _("Expected a whole number from %(low)d to %(high)d.") % {"low": low, "high": high}, field=path
        )
    return value


def _only(keys: set[str], tree: dict[str, Any], path: str) -> None:
    for key in tree:
        if key not in keys:
            shown = str(key)[:50]
            raise ConditionFault(_("“%(key)s” does not belong here.") % {"key": shown}, field=_join(path, shown))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
