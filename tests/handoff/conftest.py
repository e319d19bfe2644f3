"""What both sides agreed before anything can be handed over, and leads that are ready for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone, translation

from alignment.accounts.models import Organisation, Team, User
from handoff.models import Handoff, RejectionReason, RoutingRule, SlaPolicy
from handoff.services import offers
from leads.models import DefinitionVersion, Lead
from tests import factories

REASONS = [
    # code, English, Japanese, what follows, days, comment needed
    ("timing", "Too early", "時期尚早", "recycle", 90, False),
    ("no_fit", "Does not fit our target", "ターゲット外", "close", 0, True),
    ("duplicate", "Already in contact", "既に接触中", "close", 0, False),
]
COMPANY_OF_100 = {"field": "employees", "op": "at_least", "value": 100}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Whoever signed in last in this thread leaves their language behind."""
    with translation.override("en"), timezone.override("UTC"):
        yield


@pytest.fixture
def agreements(db: None) -> None:
    """Reasons, promises and the organisation; tests that run real transactions find the tables empty."""
    Organisation.get()
    RejectionReason.objects.exclude(code__in=[row[0] for row in REASONS]).delete()
    for position, (code, en, ja, step, days, comment) in enumerate(REASONS):
        RejectionReason.objects.update_or_create(
            code=code,
            defaults={
                "label_en": en,
                "label_ja": ja,
                "position": position,
                "next_step": step,
                "recycle_days": days,
                "needs_comment": comment,
                "is_active": True,
            },
        )
    for duty, minutes in (("decide", 8 * 60), ("first_attempt", 16 * 60)):
        SlaPolicy.objects.update_or_create(duty=duty, defaults={"side": "sales", "business_minutes": minutes})


@pytest.fixture
def version(agreements: None, mai: User) -> DefinitionVersion:
    """Companies of 100 people or more qualify."""
    return factories.version_in_force({"condition": COMPANY_OF_100, "points": 10, "why": "Budget"}, threshold=10)


@pytest.fixture
def rule(field_sales: Team) -> RoutingRule:
    """Every lead goes round field sales."""
    return factories.routing_rule(field_sales)


@pytest.fixture
def make_lead(version: DefinitionVersion, mai: User) -> Callable[..., Lead]:
    """A qualified lead of a company of 250 people."""

    def make(**fields: Any) -> Lead:
        return factories.qualified_lead(**fields)

    return make


@pytest.fixture
def lead(make_lead: Callable[..., Lead]) -> Lead:
    return make_lead(full_name="Hanako Tanaka", company_name="Yamada Works")


@pytest.fixture
def make_offer(make_lead: Callable[..., Lead], rule: RoutingRule, mai: User, now: datetime) -> Callable[..., Handoff]:
    """An offer, made by the service."""

    def make(**fields: Any) -> Handoff:
        at = fields.pop("at", now)
        return offers.hand_over(lead_id=make_lead(**fields).pk, actor=mai, now=at)

    return make


@pytest.fixture
def offer(make_offer: Callable[..., Handoff], ren: User) -> Handoff:
    """An offer to Ren, the only rep of field sales."""
    return make_offer(full_name="Hanako Tanaka", company_name="Yamada Works")


@pytest.fixture
def team_offer(make_offer: Callable[..., Handoff], ren: User, riku: User, now: datetime) -> Handoff:
    """An offer that went to the team, because everybody was away that day."""
    for person in (ren, riku):
        person.absences.create(starts_on=now.date(), ends_on=now.date())
    return make_offer(full_name="Jiro Suzuki", company_name="Suzuki Foods")
