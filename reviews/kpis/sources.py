"""The sets of rows that figures are made of, each named once."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import F, FloatField, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from handoff.models import Handoff
from handoff.rules.workflow import Status
from leads.models import Deal, Lead
from reviews.kpis.expressions import DaysBetween
from reviews.kpis.rows import RowSet

SECONDS_PER_HOUR = 3600.0


def _leads(name: str, moment: str, facts: Q | None = None, **fields: Any) -> RowSet:
    return RowSet(name, Lead, facts or Q(**{f"{moment}__isnull": False}), moment, owner="owner", **fields)


def _handoffs(name: str, moment: str, facts: Q, **fields: Any) -> RowSet:
    asked = Coalesce("offered_to", "decided_by")  # who was asked; of an offer to a whole team, who answered
    return RowSet(name, Handoff, facts, moment, owner=asked, to_lead="lead__", **fields)


def _deals(name: str, moment: str | Combinable, facts: Q | None = None, **fields: Any) -> RowSet:
    known = facts or Q(**{f"{moment}__isnull": False})
    return RowSet(name, Deal, known, moment, owner="owner", to_lead="lead__", product="product", **fields)


LEADS: Final = _leads("leads", "captured_at")
QUALIFIED: Final = _leads("qualified", "qualified_at")
CONTACTED: Final = _leads("contacted", "first_contacted_at")
CONVERTED: Final = _leads(
    "converted",
    "deals__won_at",
    Q(qualified_at__isnull=False, deals__won_at__isnull=False, deals__taken_back_by=None),
    listed_moment="qualified_at",
    repeats=True,
)

OFFERED: Final = _handoffs("offered", "offered_at", Q())
ACCEPTED: Final = _handoffs("accepted", "decided_at", Q(status=Status.ACCEPTED))
REJECTED: Final = _handoffs("rejected", "decided_at", Q(status=Status.REJECTED))
DECIDED: Final = _handoffs("decided", "decided_at", Q(status__in=(Status.ACCEPTED, Status.REJECTED)))
TIMED: Final = _handoffs(
    "timed",
    "decided_at",
    Q(status__in=(Status.ACCEPTED, Status.REJECTED), business_seconds_to_decide__isnull=False),
    value=lambda _zone: Cast("business_seconds_to_decide", FloatField()) / SECONDS_PER_HOUR,
)

OPENED: Final = _deals("opened", "opened_at")
WON: Final = _deals("won", "won_at")
LOST: Final = _deals("lost", "lost_at")
ENDED: Final = _deals("ended", Coalesce("won_at", "lost_at"), Q(won_at__isnull=False) | Q(lost_at__isnull=False))
PAID: Final = _deals("paid", "won_at", Q(won_at__isnull=False, amount__isnull=False), value=lambda _zone: F("amount"))
WON_FROM_QUALIFIED: Final = _deals(
    "won_from_qualified",
    "won_at",
    Q(won_at__isnull=False, lead__qualified_at__isnull=False),
    value=lambda zone: DaysBetween("won_at", "lead__qualified_at", zone=zone),
)
