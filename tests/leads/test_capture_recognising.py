"""Somebody who is here already comes again by form or by program."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command

from alignment.accounts.models import User
from handoff.services.submission import submit_lead
from leads.models import ExternalId, Lead, SuspectedDuplicate
from leads.rules.stages import Stage
from leads.services.capture import Captured, LeadData, TouchData, capture_lead, capture_leads
from leads.services.leads import update_lead
from tests import factories
from tests.racing import at_once

pytestmark = pytest.mark.django_db
MAIL = "taro@acme.example"


@pytest.fixture
def taro(now: datetime) -> Lead:
    return factories.lead(full_name="Taro", email=MAIL, phone="", job_title="Clerk", captured_at=now)


def come(mai: User, now: datetime, **said: Any) -> Captured:
    return capture_lead(data=LeadData(**{"source_system": "web"} | said), actor=mai, now=now)


def test_what_they_bring_is_added_and_what_is_known_stays(taro: Lead, mai: User, now: datetime) -> None:
    touch = TouchData(kind="download", detail="Price list")

    done = come(mai, now, email=MAIL, phone="03-1234-5678", job_title="Head", company_name="Acme", touches=(touch,))

    taro.refresh_from_db()
    assert (done.lead.pk, done.is_new, done.recognised and done.recognised.is_sure) == (taro.pk, False, True)
    assert (taro.phone, taro.job_title, taro.company_name, taro.account.name) == (
        "+81312345678",
        "Clerk",
        "Acme",
        "Acme",
    )
    assert [touch.detail for touch in taro.touches.all()] == ["Price list"]


def test_the_id_is_known_from_then_on(taro: Lead, mai: User, now: datetime) -> None:
    come(mai, now, email=MAIL, external_id="W1")

    again = come(mai, now, email="new@acme.example", external_id="W1")

    assert (again.lead.pk, again.is_new, again.recognised) == (taro.pk, False, None)
    assert ExternalId.objects.get().lead == taro


def test_who_only_may_be_somebody_is_new_and_on_the_list(taro: Lead, mai: User, now: datetime) -> None:
    done = come(mai, now, email=MAIL, full_name="Jiro")

    pair = SuspectedDuplicate.objects.get()
    assert done.is_new
    assert (pair.first, pair.second) == (taro, done.lead)


def test_somebody_else_with_the_same_address_is_new_where_a_person_says_so(
    taro: Lead, mai: User, now: datetime
) -> None:
    done = come(mai, now, email=MAIL, full_name="Taro", is_another=True)

    assert done.is_new
    assert SuspectedDuplicate.objects.get().second == done.lead


def test_twins_in_one_batch_are_one_lead(mai: User, now: datetime) -> None:
    twins = [LeadData(email=MAIL, source_system="web", external_id=f"W{n}", job_title=f"{n}") for n in range(3)]

    done = capture_leads(data=twins, actor=mai, now=now)

    assert [one.is_new for one in done if isinstance(one, Captured)] == [True, False, False]
    assert Lead.objects.get().job_title == "0"


def test_what_they_did_may_qualify_them_and_then_they_go_to_sales(
    taro: Lead, mai: User, ren: User, now: datetime
) -> None:
    factories.version_in_force({"condition": {"touches": {"at_least": 1}}, "points": 10})
    factories.routing_rule(ren.team)

    data = LeadData(email=MAIL, source_system="web", touches=(TouchData(kind="download"),))
    done = submit_lead(data=data, actor=mai, now=now)

    assert (done.lead.pk, done.lead.stage) == (taro.pk, Stage.OFFERED)
    assert done.handoff is not None


@pytest.mark.django_db(transaction=True)
def test_the_same_address_under_two_ids_at_the_same_moment_is_one_lead(mai: User, now: datetime) -> None:
    calls = [lambda n=n: come(mai, now, email=MAIL, external_id=f"W{n}") for n in range(6)]

    results = at_once(*calls)

    assert Lead.objects.count() == 1
    assert [result.is_new for result in results if isinstance(result, Captured)].count(True) == 1
    assert ExternalId.objects.count() == 5


def test_a_correction_that_makes_two_alike_puts_them_on_the_list(taro: Lead, mai: User, now: datetime) -> None:
    other = factories.lead(full_name="Jiro", email="jiro@acme.example", captured_at=now)

    update_lead(lead_id=other.pk, facts={"job_title": "Head"}, seen=None, actor=mai, now=now)
    assert not SuspectedDuplicate.objects.exists()

    update_lead(lead_id=other.pk, facts={"email": MAIL}, seen=None, actor=mai, now=now)
    assert SuspectedDuplicate.objects.get().second == other


def test_all_leads_are_compared_on_order(taro: Lead, capsys: pytest.CaptureFixture[str]) -> None:
    factories.lead(full_name="Taro", email=MAIL)
    factories.lead()

    for found in (1, 0):
        call_command("find_duplicates")
        assert capsys.readouterr().out.startswith(f"3 leads compared, {found} possible duplicates found.\n")


@pytest.mark.django_db(transaction=True)
def test_the_same_id_at_the_same_moment_is_taken_once(mai: User, now: datetime) -> None:
    touch = TouchData(kind=factories.touch_kind("download").pk)

    at_once(*[lambda: come(mai, now, email=MAIL, external_id="42", touches=(touch,))] * 6)

    lead = Lead.objects.get()
    assert (lead.touches.count(), ExternalId.objects.count()) == (1, 0)
