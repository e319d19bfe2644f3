"""An import and what people do at that moment wait for each other, and both come through."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from alignment.accounts.models import User
from leads.models import Deal, Lead
from leads.services import deals as live_deals
from leads.services.leads import update_lead
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

LEADS = {"system": "crm", "columns": {"id": "external_id", "company": "company", "campaign": "campaign"}}
DEALS = {"system": "crm", "columns": {"no": "external_id", "lead": "lead_external_id", "won": "won_at"}}


def waiting() -> bool:
    """Whether some session waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def until_somebody_waits() -> None:
    pause = threading.Event()
    for _try in range(500):
        if waiting():
            return
        pause.wait(0.01)
    raise AssertionError("nobody waits")


def test_an_import_waits_for_the_lead_before_it_takes_the_deal(take: Any, ren: User, now: datetime) -> None:
    take("leads", "id,company,campaign\nA1,One,\n", LEADS)
    take("deals", "no,lead,won\nD1,A1,\n", DEALS)
    Deal.objects.update(owner=ren)

    locked = threading.Event()

    def win_slowly() -> None:
        with transaction.atomic():
            Lead.objects.select_for_update(of=("self",)).get()  # as every change of a deal begins
            locked.set()
            until_somebody_waits()
            live_deals.win_deal(deal_id=Deal.objects.get().pk, reason="trust", amount=5, actor=ren, now=now)

    def bring() -> Any:
        locked.wait(5)
        return take("deals", "no,lead,won\nD1,A1,2026-03-01\n", DEALS)

    _won, result = at_once(win_slowly, bring)

    assert Deal.objects.get().won_at == now
    assert [remark.code for remark in result.warnings] == ["closed_here"]


def test_an_import_waits_for_the_lead_before_it_makes_a_company(take: Any, mai: User, now: datetime) -> None:
    take("leads", "id,company,campaign\nA1,One,\n", LEADS)
    lead = Lead.objects.get()
    locked = threading.Event()

    def correct_slowly() -> None:
        with transaction.atomic():
            Lead.objects.select_for_update(of=("self",)).get()
            locked.set()
            until_somebody_waits()
            update_lead(lead_id=lead.pk, facts={"company_name": "New"}, seen=None, actor=mai, now=now)

    def bring() -> Any:
        locked.wait(5)
        return take("leads", "id,company,campaign\nA1,New,\n", LEADS)

    _corrected, result = at_once(correct_slowly, bring)

    assert Lead.objects.get().account.name == "New"
    assert (result.updated, result.unchanged) == (0, 1)  # the person was first


def test_two_imports_with_the_same_companies_in_other_orders_both_come_through(take: Any) -> None:
    names = [f"Company {n}" for n in range(300)]
    texts = [
        "id,company,campaign\n" + "".join(f"A{i},{name},Fair {name}\n" for i, name in enumerate(order))
        for order in (names, names[::-1])
    ]

    results = at_once(
        *[
            lambda text=text, system=system: take("leads", text, LEADS | {"system": system})
            for text, system in zip(texts, ("one", "two"), strict=True)
        ]
    )

    assert [result.created for result in results] == [300, 300]
