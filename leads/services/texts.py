"""What a text, or a tree of values from another program, may hold before it reaches a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput

LONG_TEXT = 5000
REMARK = 2000
"""Comments and reasons, in characters."""
DEEPEST = 5
MOST_VALUES = 200
LONGEST_NAME = 100
TOO_LARGE = 10**18
NOT_STORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, signs that turn the direction of a line around, and halves of characters."""


def check_text(value: str, *, longest: int, field: str) -> None:
    """Refuse a text that is too long or has characters that nobody types, with the field's name."""
    if len(value) > longest:
        raise InvalidInput(_("At most %(max)d characters.") % {"max": longest}, field=field)
    if NOT_STORABLE.search(value):
        raise InvalidInput(_("This text has a character that cannot be stored."), field=field)


def key_from(words: str, *, longest: int) -> str:
    """A key from English words: “Budget (JPY)” is budget_jpy; "" where there is none in them."""
    return re.sub(r"^[^a-z]+|_+$", "", re.sub(r"[^a-z0-9]+", "_", words.casefold()))[:longest].rstrip("_")


def check_values(values: Mapping[str, Any], *, field: str) -> None:
    """Refuse JSON that is too deep, too much, or holds what PostgreSQL cannot store, with the path of the fault."""
    waiting: list[tuple[Any, str, int]] = [(values, field, 1)]
    count = 0
    while waiting:
        value, path, depth = waiting.pop()
        if not isinstance(value, Mapping | list):
            _check_value(value, path)
            continue
        count += len(value)
        if depth > DEEPEST:
            raise InvalidInput(_("At most %(max)d levels, one inside the other.") % {"max": DEEPEST}, field=field)
        if count > MOST_VALUES:
            raise InvalidInput(_("At most %(max)d values in all.") % {"max": MOST_VALUES}, field=field)
        waiting += [(part, inner, depth + 1) for part, inner in _parts(value, path)]


def _parts(value: Mapping[str, Any] | list[Any], path: str) -> list[tuple[Any, str]]:
    if isinstance(value, list):
        return [(part, f"{path}[{index}]") for index, part in enumerate(value)]
    for name in value:
        check_text(name, longest=LONGEST_NAME, field=path)
    return [(part, f"{path}.{name}") for name, part in value.items()]


def _check_value(value: Any, path: str) -> None:
    if isinstance(value, str):
        check_text(value, longest=LONG_TEXT, field=path)
    elif isinstance(value, int | float) and not abs(value) < TOO_LARGE:  # also what is no number
        raise InvalidInput(_("A number has at most 18 digits."), field=path)
