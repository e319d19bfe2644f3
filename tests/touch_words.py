"""What the first kinds of touches are called, for tests that need no database."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from leads.rules.fields import FIELDS, Fields, TouchWord, Words

ROWS = import_module("leads.migrations.0015_first_touch_kinds").KINDS


def labels(language: str) -> dict[str, str]:
    """Label by key."""
    return {key: ja if language == "ja" else en for key, en, ja in ROWS}


class Known(NamedTuple):
    """A vocabulary that is at hand."""

    fields: Fields
    kinds: dict[str, TouchWord]


VOCABULARY = Known(FIELDS, {key: TouchWord(key, Words(ja=ja, en=en)) for key, en, ja in ROWS})
