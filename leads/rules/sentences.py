"""Says a condition as a sentence in the active language, from whole phrases per operator. Pure.

Groups name their word between every two parts, and a group inside a group stands in brackets, so that "and" and "or"
are never guessed from position.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from alignment.kernel import formats
from leads.rules.conditions import Condition, Group, Negation, Op, Test, TouchCount
from leads.rules.fields import Field, FieldType

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
_PHRASES_OF_TYPE = {
    (FieldType.NUMBER, Op.IS): gettext_lazy("%(field)s is %(value)s"),
    (FieldType.FLAG, Op.IS_TRUE): gettext_lazy("%(field)s: yes"),
    (FieldType.FLAG, Op.IS_FALSE): gettext_lazy("%(field)s: no"),
    (FieldType.DAY, Op.AT_LEAST): gettext_lazy("%(field)s: %(value)s or later"),
    (FieldType.DAY, Op.AT_MOST): gettext_lazy("%(field)s: %(value)s or earlier"),
    (FieldType.DAY, Op.WITHIN_DAYS): gettext_lazy("%(field)s: in the last %(value)s days"),
    (FieldType.DAY, Op.BEFORE_DAYS): gettext_lazy("%(field)s: more than %(value)s days ago"),
    (FieldType.DAY, Op.NEXT_DAYS): gettext_lazy("%(field)s: in the next %(value)s days"),
}
"""Where the phrase of the operator does not read well."""


def say(condition: Condition) -> str:
    """The condition as a sentence without a full stop, in the active language."""
    match condition:
        case Group(parts=()):
            return _("every lead") if condition.every else _("no lead")
        case Group():
            word = (
                pgettext("between conditions", " and ") if condition.every else pgettext("between conditions", " or ")
            )
            return word.join(_inside(part) for part in condition.parts)
        case Negation():
            return _("not (%(condition)s)") % {"condition": say(condition.part)}
        case TouchCount():
            return _say_touches(condition)
        case Test():
            return _say_test(condition)


def say_value(seen: Any) -> str:
    """A value seen by a verdict, fit for reading: a count, a text, yes/no, or that it is not known."""
    if seen is None or seen == "":
        return _("not known")
    if isinstance(seen, bool):
        return _("yes") if seen else _("no")
    if isinstance(seen, int | float):
        return formats.number(seen, decimals=6)
    return str(seen)


def say_kind(count: TouchCount) -> str:
    """What the touches that are counted are called."""
    return str(count.kind.label) if count.kind else _("touch of any kind")


def say_fact(field: Field, value: Any) -> str:
    """A value of this field, fit for reading: a choice by its words, a day as a date; anything else as it is."""
    if isinstance(value, str) and field.type is FieldType.CHOICE and (choice := field.choice(value)):
        return str(choice.label)
    if isinstance(value, str) and field.type is FieldType.DAY:
        try:
            return formats.date(date.fromisoformat(value))
        except ValueError:
            return value
    return say_value(value)


def _inside(part: Condition) -> str:
    sentence = say(part)
    if isinstance(part, Group) and len(part.parts) > 1:
        return pgettext("condition in brackets", "(%(condition)s)") % {"condition": sentence}
    return sentence


def _say_test(test: Test) -> str:
    if (sentence := _FLAGS.get((test.field.key, test.op))) is not None:
        return str(sentence)
    phrase = _PHRASES_OF_TYPE.get((test.field.type, test.op)) or _PHRASES[test.op]
    return str(phrase) % {"field": test.field.label, "value": _shown(test)}


def _shown(test: Test) -> str:
    if test.op is Op.IN:
        return pgettext("list separator", ", ").join(
            pgettext("a quoted value", "“%(value)s”") % {"value": say_fact(test.field, value)} for value in test.value
        )
    return say_fact(test.field, test.value) if test.value is not None else ""


def _say_touches(count: TouchCount) -> str:
    values = {"n": count.at_least, "kind": say_kind(count), "days": count.within_days}
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
