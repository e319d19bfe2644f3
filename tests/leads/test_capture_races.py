"""Leads that come in while others are changed or imported: nobody waits in a circle, or whoever does begins anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from alignment.accounts.models import User
from alignment.local import processes
from leads.models import Account, Lead, SuspectedDuplicate
from leads.services import judging
from leads.services.capture import LeadData, capture_lead, capture_leads
from leads.services.leads import update_lead
from tests import factories
from tests.racing import beside

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

LEADS = {"system": "crm", "columns": {"id": "external_id", "company": "company", "fair": "campaign"}}


def waiting_since(*, seconds: float = 0) -> int:
    """How many sessions have waited for a lock so long."""
    sql = "SELECT count(*) FROM pg_locks WHERE NOT granted AND clock_timestamp() - waitstart > %s * interval '1 s'"
    with connection.cursor() as cursor:
        cursor.execute(sql, [seconds])
        return cursor.fetchone()[0]


def until_waiting(sessions: int, *, seconds: float = 0) -> None:
    assert processes.wait_until(lambda: waiting_since(seconds=seconds) >= sessions, 10, 0.01)


LOOKED_FOR_CIRCLES = 1.2
"""Seconds after which PostgreSQL has looked whether somebody waits in a circle, once; who waits later finds it."""


SENT = LeadData(email="ann@acme.example", company_name="New", industry="Food")


def test_who_comes_again_waits_for_the_lead_before_a_company_is_made(mai: User, now: datetime) -> None:
    lead = factories.lead(email="ann@acme.example", company_name="")

    with transaction.atomic():
        Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        captures = beside(lambda: capture_lead(data=SENT, actor=mai, now=now))
        until_waiting(1, seconds=LOOKED_FOR_CIRCLES)  # from here on whoever closes a circle is its victim
        update_lead(lead_id=lead.pk, facts={"company_name": "New"}, seen=None, actor=mai, now=now)

    assert captures.result().lead.account.name == "New"
    assert Lead.objects.get().company_name == "New"


def test_who_comes_again_fills_a_company_before_it_takes_the_lead(mai: User, now: datetime) -> None:
    lead, company = factories.lead(email="ann@acme.example", company_name=""), factories.account("New")

    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=company.pk)
        captures = beside(lambda: capture_lead(data=SENT, actor=mai, now=now))
        until_waiting(1, seconds=LOOKED_FOR_CIRCLES)
        update_lead(lead_id=lead.pk, facts={"job_title": "Head"}, seen=None, actor=mai, now=now)

    assert captures.result().lead.account.industry == "Food"
    assert Lead.objects.get().job_title == "Head"


@pytest.mark.parametrize("seconds", [0, LOOKED_FOR_CIRCLES], ids=["the capture begins anew", "the import begins anew"])
def test_many_who_come_at_once_and_an_import_both_come_through(
    seconds: float, take: Any, mai: User, now: datetime
) -> None:
    """The second of the two who come looks like the first, so it is recognised after a company was made. The import
    has locked that lead by then, and makes the same company once it knows the campaign."""
    here = factories.lead(source_system="crm", external_id="A1", full_name="Ann", email="ann@acme.example")
    sent = [
        LeadData(full_name="Zoe", email="zoe@zed.example", phone="+81312345678", company_name="Zed"),
        LeadData(full_name="Ann", email="ann@acme.example", phone="+81312345678"),
    ]

    with transaction.atomic():
        factories.campaign(name="Fair")
        imports = beside(lambda: take("leads", "id,company,fair\nA1,Zed,Fair\n", LEADS))
        until_waiting(1)
        captures = beside(lambda: capture_leads(data=sent, actor=mai, now=now))
        until_waiting(2, seconds=seconds)
    result, (zoe, ann) = imports.result(), captures.result()

    assert (result.updated, zoe.is_new, ann.is_new) == (1, True, False)
    assert ann.lead == here
    assert set(Lead.objects.values_list("account__name", flat=True)) == {"Zed"}


@pytest.mark.parametrize("locks", ["one lead", "several"])
def test_a_lead_that_somebody_writes_can_be_named_meanwhile(locks: str, mai: User, now: datetime) -> None:
    """Or two who have locked a lead each, and note that they look alike, would wait in a circle."""
    here = factories.lead(full_name="Ann", phone="+81312345678")
    sent = LeadData(full_name="Ann", email="ann@acme.example", phone="+81312345678", company_name="Acme")
    factories.version_in_force({"condition": {"field": "email", "op": "is_present"}, "points": 10})

    with transaction.atomic():
        if locks == "one lead":
            update_lead(lead_id=here.pk, facts={"job_title": "Head"}, seen=None, actor=mai, now=now)
        else:
            judging.judge(lead_ids=[here.pk], now=now)
        new = beside(lambda: capture_lead(data=sent, actor=mai, now=now)).result(timeout=20).lead

    assert [(pair.first, pair.second) for pair in SuspectedDuplicate.objects.all()] == [(here, new)]
