"""A list costs the same with one row and with twenty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import CompanyDay, Invitation
from alignment.outbox.models import Notice, NoticeState
from tests import factories


def _notice() -> None:
    now = timezone.now()
    Notice.objects.create(to_address="a@b.example", created_at=now, next_at=now, state=NoticeState.DEAD)


def _team() -> None:
    factories.team(name=f"Team {timezone.now().isoformat()}")


def _company_day() -> None:
    last = CompanyDay.objects.order_by("-on").first()
    CompanyDay.objects.create(on=last.on.replace(day=last.on.day + 1) if last else "2026-08-01")


def _invited() -> None:
    """Somebody with everything that a line of the list shows: a team, and an invitation that is open."""
    now = timezone.now()
    person = factories.user(team=factories.team(name="Web", side="marketing"), is_active=False)
    Invitation.objects.create(
        user=person,
        token_hash=f"{person.pk:064}",
        invited_by=person,
        created_at=now,
        expires_at=now + timedelta(days=7),
    )


LISTS: list[tuple[str, str, Callable[[], object]]] = [
    ("accounts:members", "", _invited),
    ("accounts:teams", "", _team),
    ("accounts:company-days", "?year=2026", _company_day),
    ("health:operations", "", _notice),
    ("demo:mailbox", "", _notice),
    ("leads:list", "", factories.lead),
    ("leads:deal-list", "", factories.deal),
    ("leads:campaign-list", "", factories.campaign),
    ("leads:account-list", "", factories.account),
    ("handoff:list", "", factories.handoff),
    ("handoff:inbox", "", factories.handoff),
    ("handoff:waiting", "", factories.qualified_lead),
    ("handoff-api:handoffs", "", factories.handoff),
    ("leads-api:deals", "", factories.deal),
]


@pytest.mark.parametrize(("name", "query", "make"), LISTS, ids=[f"{row[0]}-{row[2].__name__}" for row in LISTS])
def test_a_list_costs_the_same_for_one_row_and_for_twenty(signed_in, sora, kei, name, query, make):
    who = sora if name == "handoff:inbox" else kei
    client, address = signed_in(who), reverse(name) + query
    make()
    client.get(address)  # fills what is asked once per process
    with CaptureQueriesContext(connection) as one:
        assert client.get(address).status_code == 200
    for _number in range(19):
        make()

    with CaptureQueriesContext(connection) as twenty:
        client.get(address)

    more = [query["sql"][:150] for query in twenty.captured_queries[len(one) :]]
    assert len(twenty) <= len(one), more
