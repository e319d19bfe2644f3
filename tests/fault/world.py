"""The people and the offers that the fault tests work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from alignment.accounts.models import ApiToken, User
from alignment.accounts.roles import Side
from alignment.outbox import services as outbox
from alignment.outbox.models import Notice
from handoff.models import Clock, Handoff, HandoffEvent
from leads.models import Account, Lead
from tests import factories

CONDITION = {"field": "employees", "op": "at_least", "value": 100}


@dataclass(frozen=True)
class World:
    """Both sides, and the token with which the rep's program signs in."""

    mai: User
    ren: User
    sora: User
    token: str


def begin() -> World:
    """One marketer, one rep, one manager of sales, a definition in force and a rule."""
    mai = factories.user("mai", role="marketer", side="marketing")
    team = factories.team()
    ren = factories.user("ren", role="sales_rep", side="sales", team=team)
    sora = factories.user("sora", role="manager", side="sales")
    factories.version_in_force({"condition": CONDITION, "points": 10, "why": "Budget"}, threshold=10)
    factories.routing_rule(team)
    _token, secret = ApiToken.objects.create(user=ren, name="fault test", last_used_at=timezone.now())
    return World(mai, ren, sora, secret)


@transaction.atomic
def offers(world: World, count: int, *, at: datetime | None = None, due_in: timedelta = timedelta(days=3)) -> list[int]:
    """So many open offers to Ren, each with its clock; written as the services do, but all in a few statements."""
    at = at or timezone.now()
    accounts = Account.objects.bulk_create(
        [Account(name=f"Works {n}", name_key=f"works {n}", employee_count=250, created_at=at) for n in range(count)]
    )
    leads = Lead.objects.bulk_create(
        [
            Lead(
                full_name=f"Person {n}",
                company_name=account.name,
                account=account,
                stage="offered",
                captured_at=at,
                qualified_at=at,
                created_at=at,
                updated_at=at,
                created_by=world.mai,
            )
            for n, account in enumerate(accounts)
        ]
    )
    handoffs = Handoff.objects.bulk_create(
        [
            Handoff(
                lead=lead,
                attempt=1,
                stamp={},
                routing={},
                team=world.ren.team,
                offered_to=world.ren,
                submitted_by=world.mai,
                offered_at=at,
                decide_by=at + due_in,
            )
            for lead in leads
        ]
    )
    HandoffEvent.objects.bulk_create(
        [HandoffEvent(handoff=h, action="submit", new_status="offered", actor=world.mai, at=at) for h in handoffs]
    )
    Clock.objects.bulk_create(
        [
            Clock(
                handoff=handoff,
                duty="decide",
                side=Side.SALES,
                team=world.ren.team,
                owner=world.ren,
                started_at=at,
                due_at=at + due_in,
            )
            for handoff in handoffs
        ]
    )
    return [handoff.pk for handoff in handoffs]


def notices(to: User, numbers: Sequence[int], *, template: str = "fault/email/plain") -> list[Notice]:
    """Numbered notices, each written and announced as any change does it."""
    written = [
        outbox.write(to=to, template=template, context={"number": number}, now=timezone.now()) for number in numbers
    ]
    return [notice for notice in written if notice]
