"""Which of two leads, and which of two companies, survives a merge, and what stands in its way. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from django.utils.translation import gettext as _

from leads.rules.custom import PREFIX
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
"""The facts of which whoever merges may choose either record's, in the order in which they are shown; of leads also
what they hold in ``custom`` (see ``facts_of_leads``)."""
COMPANY_FACTS = (
    "name",
    "corporate_number",
    "industry",
    "employee_count",
    "postal_code",
    "prefecture",
    "address",
)
"""The same of a company."""
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

    @property
    def stands(self) -> bool: ...

    @property
    def display_name(self) -> str: ...


Either = TypeVar("Either", bound=Standing)


def facts_of_leads(*customs: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of all facts of leads with these values of ``custom``."""
    keys = dict.fromkeys(key for custom in customs for key in custom)
    return (*FACTS, *(f"{PREFIX}{key}" for key in keys))


def in_order(one: Either, other: Either) -> tuple[Either, Either]:
    """The lead that survives, and the one that becomes part of it.

    Whoever is further on its path survives, so that nobody who works on it loses it; else the one known longer.
    """
    first, second = sorted((one, other), key=_place)
    return first, second


def refusal(survivor: Standing, other: Standing) -> str:
    """Why the two leads cannot be one, or not now; "" where they can."""
    for lead in (survivor, other):
        if not lead.stands:
            message = _("“%(name)s” (#%(number)d) is part of another lead by now, or was taken back.")
            return message % {"name": lead.display_name, "number": lead.pk}
    if other.stage == Stage.OFFERED:
        message = _(
            "“%(name)s” (#%(number)d) waits for an answer of sales. Merge the two when it is given, or withdraw the "
            "offer first."
        )
        return message % {"name": other.display_name, "number": other.pk}
    return ""


class Firm(Protocol):
    """What is asked of a company."""

    pk: int
    is_key_account: bool
    created_at: datetime

    @property
    def stands(self) -> bool: ...

    @property
    def display_name(self) -> str: ...


AnyFirm = TypeVar("AnyFirm", bound=Firm)


def companies_in_order(one: AnyFirm, other: AnyFirm, *, parents: Collection[int]) -> tuple[AnyFirm, AnyFirm]:
    """The company that survives, and the one that becomes part of it.

    One of ``parents`` (ids of those that have subsidiaries) survives, so that the tree keeps its one level; else the
    key account, else the one known longer.
    """
    first, second = sorted(
        (one, other), key=lambda firm: (firm.pk not in parents, not firm.is_key_account, firm.created_at, firm.pk)
    )
    return first, second


def refusal_of_companies(one: Firm, other: Firm) -> str:
    """Why the two companies cannot be one; "" where they can."""
    for firm in (one, other):
        if not firm.stands:
            return _("“%(name)s” is part of another company by now.") % {"name": firm.display_name}
    return ""


def _place(lead: Standing) -> tuple[int, datetime, int]:
    return _FURTHEST_FIRST.index(Stage(lead.stage)), lead.captured_at, lead.pk
