"""Says a condition as a sentence in the active language, from whole phrases per operator. Pure.

Groups name their word between every two parts, and a group inside a group stands in brackets, so that "and" and "or"
are never guessed from position.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from alignment.kernel import formats
from leads.rules.conditions import Condition, Group, Negation, Op, Test, TouchCount
from leads.rules.fields import FieldType

_PHRASES = {
    Op.IS: gettext_lazy("%(field)s is “%(value)s”"),
    Op.IS_NOT: gettext_lazy("%(field)s is not “%(value)s”"),
    Op.IN: gettext_lazy("%(field)s is one of %(value)s"),
    Op.CONTAINS: gettext_lazy("%(field)s contains “%(value)s”"),
    Op.STARTS_WITH: gettext_lazy("%(field)s starts with “%(value)s”"),
    Op.AT_LEAST: gettext_lazy("%(field)s is at least %(value)s"),
    Op.AT_MOST: gettext_lazy("%(field)s is at most %(value)s"),
    Op.WITHIN_DAYS: gettext_lazy("%(field)s in the last %(value)s days"),
    Op.BEFORE_DAYS: gettext_lazy("%(field)s more than %(value)s days ago"),
    Op.IS_BLANK: gettext_lazy("%(field)s is not known"),
    Op.IS_PRESENT: gettext_lazy("%(field)s is known"),
}
_FLAGS = {
    ("is_free_mail", Op.IS_TRUE): gettext_lazy("lead uses a free e-mail address"),
    ("is_free_mail", Op.IS_FALSE): gettext_lazy("lead does not use a free e-mail address"),
    ("is_key_account", Op.IS_TRUE): gettext_lazy("company is a key account"),
    ("is_key_account", Op.IS_FALSE): gettext_lazy("company is not a key account"),
}
"""A fact that is true or not is a whole sentence of its own."""
_NUMBER_IS = gettext_lazy("%(field)s is %(value)s")


def say(condition: Condition, kinds: Mapping[str, str]) -> str:
    """The condition as a sentence without a full stop, in the active language; ``kinds``: labels of touches by key."""
    match condition:
        case Group(parts=()):
            return _("every lead") if condition.every else _("no lead")
        case Group():
            word = (
                pgettext("between conditions", " and ") if condition.every else pgettext("between conditions", " or ")
            )
            return word.join(_inside(part, kinds) for part in condition.parts)
        case Negation():
            return _("not (%(condition)s)") % {"condition": say(condition.part, kinds)}
        case TouchCount():
            return _say_touches(condition, kinds)
        case Test():
            return _say_test(condition)


def say_value(seen: Any) -> str:
    """A value seen by a verdict, fit for reading: a count, a text, yes/no, or that it is not known."""
    if seen is None or seen == "":
        return _("not known")
    if isinstance(seen, bool):
        return _("yes") if seen else _("no")
    if isinstance(seen, int | float):
        return formats.number(seen)
    return str(seen)


def touch_words(kind: str, kinds: Mapping[str, str]) -> str:
    """How a kind of touch is called; "" is any."""
    return kinds.get(kind, kind) if kind else _("touch of any kind")


def _inside(part: Condition, kinds: Mapping[str, str]) -> str:
    sentence = say(part, kinds)
    if isinstance(part, Group) and len(part.parts) > 1:
        return pgettext("condition in brackets", "(%(condition)s)") % {"condition": sentence}
    return sentence


def _say_test(test: Test) -> str:
    if test.field.type is FieldType.FLAG:
        return str(_FLAGS[test.field.key, test.op])
    phrase = _NUMBER_IS if test.op is Op.IS and test.field.type is FieldType.NUMBER else _PHRASES[test.op]
    return str(phrase) % {"field": test.field.label, "value": _shown(test)}


def _shown(test: Test) -> str:
    if test.op is Op.IN:
        return pgettext("list separator", ", ").join(
            pgettext("a quoted value", "“%(value)s”") % {"value": value} for value in test.value
        )
    if isinstance(test.value, int | float):
        return formats.number(test.value)
    return test.value or ""


def _say_touches(count: TouchCount, kinds: Mapping[str, str]) -> str:
    kind = touch_words(count.kind, kinds)
    values = {"n": count.at_least, "kind": kind, "days": count.within_days}
    if count.within_days is None:
        return ngettext("%(kind)s at least once", "%(kind)s at least %(n)d times", count.at_least) % values
    return (
        ngettext(
            "%(kind)s at least once in the last %(days)d days",
            "%(kind)s at least %(n)d times in the last %(days)d days",
            count.at_least,
        )
        % values
    )
