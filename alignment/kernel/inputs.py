"""Reads what a request says, whatever it holds: bounded, and without a fault for nonsense."""

from __future__ import annotations

MOST_DIGITS = 18
"""So many always fit a bigint of PostgreSQL."""
LONGEST_SEARCH = 200


def whole_number(text: str) -> int | None:
    """A whole number, 0 or more, of at most 18 digits; None for anything else."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def search_words(text: str) -> str:
    """What somebody searches for, as the database can compare it: without NUL, at most 200 characters."""
    return text.replace("\x00", " ").strip()[:LONGEST_SEARCH]
