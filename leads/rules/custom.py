"""The fields that admins make: how their values are kept, and how people write them. Pure.

A value has one form per kind, in ``Lead.custom`` under the key of its field: a text without outer space, a number of
JSON, a day as YYYY-MM-DD, the value of a choice, true or false. What is not known is not there. Other keys of
``custom`` hold what an import brought and no field of ours holds; they stay as they came.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import dates
from leads.rules.fields import Choice, Field, FieldType

PREFIX = "custom."
"""Before the key of such a field, wherever fields of both sorts are named: in conditions, mappings, events, paths."""


def held(record: Any, name: str) -> Any:
    """What a record holds under the name of a fact: a column, or one of its own fields (None where it has it not)."""
    return record.custom.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else getattr(record, name, None)


LONGEST_KEY = 40
KEY = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_KEY - 1}}}")
LONGEST_TEXT = 500
LARGEST = 10**12
PLACES = 6
FIRST_YEAR, LAST_YEAR = 1800, 2199
"""Companies are older than our moments, and contracts end later."""


class Kind(TextChoices):
    """What a field holds."""

    TEXT = "text", gettext_lazy("Text")
    NUMBER = "number", gettext_lazy("Number")
    DATE = "date", gettext_lazy("Date")
    CHOICE = "choice", gettext_lazy("Choice from a list")
    YES_NO = "yes_no", gettext_lazy("Yes or no")


TYPES: dict[Kind, FieldType] = {
    Kind.TEXT: FieldType.TEXT,
    Kind.NUMBER: FieldType.NUMBER,
    Kind.DATE: FieldType.DAY,
    Kind.CHOICE: FieldType.CHOICE,
    Kind.YES_NO: FieldType.FLAG,
}
_WORDS_FOR_YES = frozenset(
    {"yes", "y", "true", "t", "1", "on", "はい", "有", "有り", "あり", "可", "済", "○", "〇", "◯", "✓", "✔"}
)
_WORDS_FOR_NO = frozenset({"no", "n", "false", "f", "0", "off", "いいえ", "無", "無し", "なし", "不可", "未", "×", "✕"})
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)(?:\.\d+)?", re.ASCII)


def stored(field: Field, value: Any, *, path: str) -> Any:
    """A value as a program or a form gives it, in the form in which it is kept; None where nothing is known.

    Raises ``InvalidInput`` with ``path``.
    """
    if value is None or value == "":
        return None
    try:
        return _STORED[field.type](field, value)
    except _Wrong as wrong:
        raise InvalidInput(str(wrong), field=path) from None


def read(field: Field, text: str, *, path: str, form: str = "") -> Any:
    """A value as people write it, in the form in which it is kept; None for a blank. ``form``: of dates, see ``dates``.

    Raises ``InvalidInput`` with ``path``.
    """
    given = text.strip()
    if not given:
        return None
    try:
        return _STORED[field.type](field, _READ[field.type](field, given, form))
    except _Wrong as wrong:
        raise InvalidInput(str(wrong), field=path) from None


def is_choice(field: Field, text: str) -> bool:
    """Whether a text is the value or one of the words of a choice of this field."""
    return any(folded(text) in _names(choice) for choice in field.choices)


def folded(text: str) -> str:
    """A text without case, width and space that is only seen."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class _Wrong(Exception):
    """Why a value is none of its field."""


def _stored_text(_field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _Wrong(_("Expected a text."))
    if len(value.strip()) > LONGEST_TEXT:
        raise _Wrong(_("At most %(max)d characters.") % {"max": LONGEST_TEXT})
    return value.strip() or None


def _stored_number(_field: Field, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _Wrong(_("Expected a number."))
    if not -LARGEST <= value <= LARGEST:  # also what is no number
        raise _Wrong(_("A number lies between −1 trillion and 1 trillion."))
    rounded = round(Decimal(str(value)), PLACES)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)


def _stored_day(_field: Field, value: Any) -> str:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise _Wrong(_("Expected a day written as 2026-01-05."))
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        words = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise _Wrong(_("Years from %(first)d to %(last)d are taken.") % words)
    return day.isoformat()


def _stored_choice(field: Field, value: Any) -> str:
    if not isinstance(value, str) or field.choice(value) is None:
        options = ", ".join(choice.value for choice in field.choices)
        raise _Wrong(_("Expected one of: %(options)s.") % {"options": options})
    return value


def _stored_flag(_field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(_("Expected true or false."))
    return value


_STORED: dict[FieldType, Callable[[Field, Any], Any]] = {
    FieldType.TEXT: _stored_text,
    FieldType.NUMBER: _stored_number,
    FieldType.DAY: _stored_day,
    FieldType.CHOICE: _stored_choice,
    FieldType.FLAG: _stored_flag,
}


def _read_text(_field: Field, text: str, _form: str) -> str:
    return text


def _read_number(_field: Field, text: str, _form: str) -> Decimal:
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").strip()
    if not _NUMBER.fullmatch(plain) or len(plain) > 40:
        raise _Wrong(_("Write a number such as 1,234.5."))
    return Decimal(plain.replace(",", "").replace(" ", ""))


def _read_day(_field: Field, text: str, form: str) -> str:
    try:
        if not form:
            return date.fromisoformat(unicodedata.normalize("NFKC", text)).isoformat()
        at = dates.read(text, form) if form in dates.FORMS else datetime.strptime(text, form)  # noqa: DTZ007
        return at.date().isoformat()
    except ValueError:
        raise _Wrong(_("Write a day as %(form)s.") % {"form": form or "2026-01-05"}) from None


def _read_choice(field: Field, text: str, _form: str) -> str:
    found = [choice.value for choice in field.choices if folded(text) in _names(choice)]
    if not found:
        options = pgettext("list separator", ", ").join(str(choice.label) for choice in field.choices)
        raise _Wrong(_("Expected one of: %(options)s.") % {"options": options})
    return text if text in found else found[0]


def _read_flag(_field: Field, text: str, _form: str) -> bool:
    plain = folded(text)
    if plain not in _WORDS_FOR_YES | _WORDS_FOR_NO:
        raise _Wrong(_("Write yes or no."))
    return plain in _WORDS_FOR_YES


_READ: dict[FieldType, Callable[[Field, str, str], Any]] = {
    FieldType.TEXT: _read_text,
    FieldType.NUMBER: _read_number,
    FieldType.DAY: _read_day,
    FieldType.CHOICE: _read_choice,
    FieldType.FLAG: _read_flag,
}


def _names(choice: Choice) -> frozenset[str]:
    return frozenset(folded(name) for name in (choice.value, choice.label.ja, choice.label.en))
