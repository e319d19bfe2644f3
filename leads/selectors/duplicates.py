"""Leads that may be one person, as a list and side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from alignment.kernel import formats
from leads.models import SuspectedDuplicate
from leads.rules.matching import WORDS, Signal


def open_pairs() -> QuerySet[SuspectedDuplicate]:
    """Pairs that nobody has decided on, the likeliest first; both leads stand."""
    found = SuspectedDuplicate.objects.filter(
        dismissed_at=None,
        first__merged_into=None,
        first__taken_back_by=None,
        second__merged_into=None,
        second__taken_back_by=None,
    )
    return found.select_related("first", "second").order_by("-score", "-found_at", "-pk")


def evidence_words(evidence: Iterable[Any]) -> str:
    """What speaks for and against, in words with the points of each."""
    return " · ".join(
        f"{WORDS[Signal(signal)]} ({'+' if points > 0 else ''}{formats.number(points)})" for signal, points in evidence
    )
