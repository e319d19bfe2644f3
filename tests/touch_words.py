"""What the first kinds of touches are called, for tests that need no database."""

from __future__ import annotations

from importlib import import_module

ROWS = import_module("leads.migrations.0011_first_touch_kinds").KINDS


def labels(language: str) -> dict[str, str]:
    """Label by key."""
    return {key: ja if language == "ja" else en for key, en, ja in ROWS}
