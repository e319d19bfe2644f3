"""What is asked of a lead that became part of another one: it is done there, or refused with where to go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from alignment.accounts.models import User
from alignment.kernel.errors import DomainError
from handoff.services.offers import hand_over
from leads.models import ExternalId, ImportJob, Lead
from leads.services import deals, merging
from leads.services.activities import record_activity
from leads.services.capture import Captured, LeadData, capture_lead
from leads.services.leads import update_lead
from leads.services.standing import Merged, NotStanding
from leads.services.touches import NewTouch, add_touch, add_touches
from tests import factories
from tests.racing import while_uncommitted

pytestmark = pytest.mark.django_db
Pair = tuple[Lead, Lead]


@pytest.fixture
def pair(now: datetime) -> Pair:
    """A survivor to be, and who becomes part of it."""
    return (
        factories.qualified_lead(full_name="Ann", captured_at=now),
        factories.lead(full_name="Ann", email="a@two.example"),
    )


def merge(pair: Pair, actor: User, now: datetime) -> None:
    merging.merge(lead_ids=[lead.pk for lead in pair], facts={}, actor=actor, now=now)


def correct(pk: int, mai: User, ren: User, now: datetime) -> Any:
    return update_lead(lead_id=pk, facts={"job_title": "Head"}, seen=None, actor=mai, now=now)


def offer(pk: int, mai: User, ren: User, now: datetime) -> Any:
    return hand_over(lead_id=pk, actor=mai, now=now)


def work_on(pk: int, mai: User, ren: User, now: datetime) -> Any:
    return record_activity(
        lead_id=pk, kind="call", outcome="spoke", note="", at=None, next_step_on=None, actor=ren, now=now
    )


def sell(pk: int, mai: User, ren: User, now: datetime) -> Any:
    return deals.open_deal(lead_id=pk, name="D", amount=None, expected_on=None, product="", actor=ren, now=now)


CHANGES = pytest.mark.parametrize("change", [correct, offer, work_on, sell])


@CHANGES
def test_every_change_of_it_says_which_lead_it_is_now(
    change: Callable[..., Any], pair: Pair, mai: User, ren: User, now: datetime
) -> None:
    survivor, other = pair
    merge(pair, mai, now)

    with pytest.raises(Merged, match=f"lead {survivor.pk}"):
        change(other.pk, mai, ren, now)


@CHANGES
def test_what_was_taken_back_with_its_import_changes_no_more(
    change: Callable[..., Any], mai: User, ren: User, now: datetime
) -> None:
    job = ImportJob.objects.create(kind="leads", file_name="f", sha256="", actor=mai, at=now)
    gone = factories.lead(taken_back_by=job)

    with pytest.raises(NotStanding, match="taken back") as refused:
        change(gone.pk, mai, ren, now)

    assert not isinstance(refused.value, Merged)


def test_a_program_is_told_the_address_of_the_other(pair: Pair, mai: User, now: datetime) -> None:
    survivor, other = pair
    merge(pair, mai, now)
    api = APIClient()
    api.force_authenticate(mai)

    answer = api.patch(f"/api/v1/leads/{other.pk}/", {"note": "x"}, format="json")

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (409, "lead_merged")
    assert str(survivor.pk) in error["detail"]
    address = answer["Link"].removeprefix("<").removesuffix('>; rel="canonical"')
    assert api.patch(address, {"note": "x"}, format="json").json()["note"] == "x"


def test_the_page_to_correct_it_leads_to_the_other(
    pair: Pair, mai: User, now: datetime, signed_in: Callable[[User], Client]
) -> None:
    survivor, other = pair
    client = signed_in(mai)
    shown = client.get(f"/leads/{other.pk}/edit/").context["form"].initial
    merge(pair, mai, now)

    assert client.get(f"/leads/{other.pk}/edit/")["Location"] == f"/leads/{survivor.pk}/"
    filled = {name: value for name, value in shown.items() if value is not None}
    answer = client.post(f"/leads/{other.pk}/edit/", filled | {"job_title": "Head"})
    assert answer.status_code == 422
    assert f"lead {survivor.pk}" in answer.text


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_foreign_id", [False, True])
def test_a_touch_that_waited_for_the_merge_is_the_survivors(
    by_foreign_id: bool, pair: Pair, mai: User, now: datetime
) -> None:
    survivor, other = pair
    factories.touch_kind("seminar")
    Lead.objects.filter(pk=other.pk).update(source_system="crm", external_id="A1")
    name = {"source_system": "crm", "lead_external_id": "A1"} if by_foreign_id else {"lead_id": other.pk}

    done = while_uncommitted(
        lambda: merge(pair, mai, now),
        lambda: add_touches(touches=[NewTouch(kind="seminar", **name)], actor=mai, now=now),
    )

    assert isinstance(done, list)
    assert list(survivor.touches.all()) == [done[0].touch]


def test_a_touch_of_a_lead_that_never_was_is_refused(mai: User, now: datetime) -> None:
    with pytest.raises(DomainError, match="no such lead"):
        add_touch(lead_id=10**9, kind="seminar", at=None, detail="", actor=mai, now=now)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_change_that_waited_for_a_merge_says_where_to_go_on(pair: Pair, mai: User, ren: User, now: datetime) -> None:
    done = while_uncommitted(lambda: merge(pair, mai, now), lambda: correct(pair[1].pk, mai, ren, now))

    assert isinstance(done, Merged)
    assert done.instead == ("leads-api:lead", pair[0].pk)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_who_comes_again_while_they_are_merged_is_the_survivor(pair: Pair, mai: User, now: datetime) -> None:
    sent = LeadData(email=pair[1].email, job_title="Head")

    done = while_uncommitted(lambda: merge(pair, mai, now), lambda: capture_lead(data=sent, actor=mai, now=now))

    assert isinstance(done, Captured)
    assert (done.lead, done.lead.job_title, done.is_new) == (pair[0], "Head", False)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_whom_a_file_brings_while_they_are_merged_is_the_survivor(
    pair: Pair, take: Any, mai: User, now: datetime
) -> None:
    text = f"id,mail,title\nF1,{pair[1].email},Head\n"
    mapping = {"system": "fair", "columns": {"id": "external_id", "mail": "email", "title": "job_title"}}

    while_uncommitted(lambda: merge(pair, mai, now), lambda: take("leads", text, mapping))

    assert Lead.objects.get().job_title == "Head"
    assert ExternalId.objects.get().lead == pair[0]
