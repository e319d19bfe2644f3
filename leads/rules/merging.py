"""Which of two leads survives a merge. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypeVar

from leads.rules.stages import Stage

FACTS = (
    "full_name",
    "full_name_kana",
    "email",
    "phone",
    "company_name",
    "job_title",
    "department",
    "source",
    "landing_page",
    "campaign",
    "note",
)
"""The facts of which whoever merges may choose either record's, in the order in which they are shown."""
_FURTHEST_FIRST = (
    Stage.CUSTOMER,
    Stage.WITH_SALES,
    Stage.OFFERED,
    Stage.QUALIFIED,
    Stage.NURTURE,
    Stage.CAPTURED,
    Stage.PAST,
    Stage.CLOSED,
)


class Standing(Protocol):
    """What is asked of a lead."""

    pk: int
    stage: str
    captured_at: datetime


Either = TypeVar("Either", bound=Standing)


def in_order(one: Either, other: Either) -> tuple[Either, Either]:
    """The lead that survives, and the one that becomes part of it.

    Whoever is further on its path survives, so that nobody who works on it loses it; else the one known longer.
    """
    first, second = sorted((one, other), key=_place)
    return first, second


def _place(lead: Standing) -> tuple[int, datetime, int]:
    return _FURTHEST_FIRST.index(Stage(lead.stage)), lead.captured_at, lead.pk
