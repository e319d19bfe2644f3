"""Programs correct leads and tell what they did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from alignment.accounts.models import User
from leads.models import Lead, LeadEvent, Touch
from leads.services import judging
from tests import factories
from tests.racing import at_once

pytestmark = pytest.mark.django_db
Api = Callable[[User | None], APIClient]
TOUCHES = "/api/v1/touches/batch/"


@pytest.fixture
def lead(mai: User) -> Lead:
    return factories.lead(full_name="Hanako Sato", job_title="Buyer", source_system="crm", external_id="A-1")


# -- facts are corrected ------------------------------------------------------------------------------


def correct(client: APIClient, lead: Lead, **facts: Any):
    return client.patch(f"/api/v1/leads/{lead.pk}/", facts, format="json")


def test_what_is_named_is_corrected_and_the_rest_stays(api: Api, mai: User, lead: Lead):
    answer = correct(api(mai), lead, job_title=" Head buyer ", company_name="Yamada Works", email="H@Yamada.example")

    assert answer.status_code == 200
    told = answer.json()
    assert (told["job_title"], told["email"], told["full_name"]) == ("Head buyer", "h@yamada.example", "Hanako Sato")
    assert told["account"]["name"] == "Yamada Works"
    assert told == api(mai).get(f"/api/v1/leads/{lead.pk}/").json()
    changes = LeadEvent.objects.get(kind="updated").data["changes"]
    assert changes["job_title"] == ["Buyer", "Head buyer"]


def test_a_corrected_lead_is_judged_again(api: Api, mai: User, lead: Lead):
    factories.version_in_force({"condition": {"field": "source", "op": "is", "value": "web"}, "points": 10})

    assert correct(api(mai), lead, source="web").json()["verdict"]["is_qualified"]


def test_the_campaign_is_named_or_taken_away(api: Api, mai: User, lead: Lead):
    spring = factories.campaign("Spring")

    assert correct(api(mai), lead, campaign="Spring").json()["campaign"] == {"id": spring.pk, "name": "Spring"}
    assert correct(api(mai), lead, campaign="").json()["campaign"] is None
    assert correct(api(mai), lead, campaign="Nowhere").json()["errors"][0]["attr"] == "campaign"


@pytest.mark.parametrize(
    ("facts", "attr"),
    [
        ({"email": "x"}, "email"),
        ({"phone": "x"}, "phone"),
        ({"job_title": "x" * 101}, "job_title"),
        ({"full_name": None}, "full_name"),
        ({"full_name": "", "email": "", "company_name": ""}, "full_name"),
        ({"seen": "yesterday"}, "seen"),
    ],
)
def test_an_impossible_correction_names_the_field(facts: dict[str, Any], attr: str, api: Api, mai: User, lead: Lead):
    answer = correct(api(mai), lead, **facts)

    assert (answer.status_code, [error["attr"] for error in answer.json()["errors"]]) == (400, [attr])
    assert Lead.objects.get().job_title == "Buyer"


def test_what_another_changed_since_is_not_overwritten(api: Api, mai: User, lead: Lead):
    seen = lead.updated_at.isoformat()
    assert correct(api(mai), lead, job_title="Head buyer").status_code == 200

    clash = correct(api(mai), lead, job_title="Director", seen=seen)
    other = correct(api(mai), lead, department="Purchasing", seen=seen)

    assert (clash.status_code, clash.json()["errors"][0]["code"]) == (409, "changed_meanwhile")
    assert (other.status_code, other.json()["job_title"]) == (200, "Head buyer")


def test_what_programs_may_not_correct_is_left_alone(api: Api, mai: User, ren: User, lead: Lead):
    answer = correct(api(mai), lead, stage="customer", owner=ren.pk, external_id="B-2", created_at="2001-01-01")

    assert answer.status_code == 200
    assert Lead.objects.values().get() == Lead.objects.filter(pk=lead.pk).values().get()
    assert (Lead.objects.get().stage, Lead.objects.get().external_id) == ("captured", "A-1")


def test_a_lead_that_is_not_there_cannot_be_corrected(api: Api, mai: User, lead: Lead):
    assert api(mai).patch("/api/v1/leads/999999999/", {"note": "x"}, format="json").status_code == 404
    assert api(None).patch(f"/api/v1/leads/{lead.pk}/", {"note": "x"}, format="json").status_code == 401


# -- touches ------------------------------------------------------------------------------------------


def touch(**fields: Any) -> dict[str, Any]:
    return {"lead": {"source_system": "crm", "external_id": "A-1"}, "kind": "seminar"} | fields


def send(client: APIClient, *items: object):
    return client.post(TOUCHES, {"items": items}, format="json")


def test_touches_find_their_lead_by_either_name(api: Api, mai: User, lead: Lead):
    spring = factories.campaign("Spring")
    at = "2026-03-20T10:00:00+09:00"

    answer = send(api(mai), touch(at=at, detail=" Day 1 "), touch(lead={"id": lead.pk}, campaign="Spring"))

    assert answer.status_code == 200
    body = answer.json()
    assert (body["created"], body["refused"]) == (2, 0)
    first, second = Touch.objects.order_by("pk")
    assert [(each["id"], each["lead"]) for each in body["results"]] == [(first.pk, lead.pk), (second.pk, lead.pk)]
    assert (first.at, first.detail, first.campaign) == (datetime.fromisoformat(at), "Day 1", None)
    assert (second.campaign, second.detail) == (spring, "")
    assert LeadEvent.objects.filter(kind="updated", data__touch=first.pk, actor=mai).exists()


def test_each_lead_is_judged_with_all_its_new_touches(api: Api, mai: User, lead: Lead, now: datetime):
    two = {"touches": {"kind": "seminar", "at_least": 2, "within_days": 30}}
    factories.version_in_force({"condition": two, "points": 10})
    judging.judge(lead_ids=[lead.pk], now=now)

    send(api(mai), touch(), touch())

    lead.refresh_from_db()
    assert lead.stage == "qualified"
    assert lead.events.filter(kind="qualified").count() == 1


REFUSED = [
    (touch(kind="wink"), "kind", "invalid"),
    (touch(at="2999-01-01T00:00:00Z"), "at", "invalid"),
    (touch(detail="x" * 301), "detail", "max_length"),
    (touch(detail="a\u202eb"), "detail", "invalid"),
    (touch(campaign="Nowhere"), "campaign", "invalid"),
    (touch(lead={"id": 999_999_999}), "lead", "not_found"),
    (touch(lead={"external_id": "A-1"}), "lead", "not_found"),
    (touch(lead={}), "lead", "not_found"),
    (touch(lead=7), "lead.non_field_errors", "invalid"),
    ({"kind": "seminar"}, "lead", "required"),
    (None, None, "null"),
    ("x", "non_field_errors", "invalid"),
]


@pytest.mark.parametrize(("item", "attr", "code"), REFUSED)
def test_one_bad_touch_never_fails_the_others(
    item: object, attr: str | None, code: str, api: Api, mai: User, lead: Lead
):
    body = send(api(mai), touch(), item, touch()).json()

    assert [each["status"] for each in body["results"]] == ["created", "refused", "created"]
    assert [(error["attr"], error["code"]) for error in body["results"][1]["errors"]] == [(attr, code)]
    assert (body["results"][1]["id"], Touch.objects.count()) == (None, 2)


def test_a_touch_with_an_id_is_told_once(api: Api, mai: User, lead: Lead):
    other = factories.lead(source_system="crm", external_id="A-2")
    send(api(mai), touch(external_id="T-1"))

    body = send(
        api(mai),
        touch(external_id="T-1", detail="again"),
        touch(external_id="T-2"),
        touch(external_id="T-2"),
        touch(external_id="T-1", lead={"id": other.pk}),
        touch(external_id="T-1", kind="download"),
    ).json()

    assert [each["status"] for each in body["results"]] == ["existing", "created", "existing", "created", "refused"]
    assert body["results"][1]["id"] == body["results"][2]["id"]
    assert body["results"][4]["errors"][0]["code"] == "other_touch"
    assert Touch.objects.count() == 3


def test_touches_are_marketing_s_to_tell(api: Api, mai: User, ren: User, lead: Lead):
    assert send(api(ren), touch()).status_code == 403
    assert not Touch.objects.exists()

    assert send(api(mai), touch()).status_code == 200


@pytest.mark.parametrize("body", [{}, {"items": []}, {"items": "x"}, {"items": [{}] * 1001}, []])
def test_what_is_no_batch_is_refused_as_a_whole(body: object, api: Api, mai: User, lead: Lead):
    answer = api(mai).post(TOUCHES, body, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "items")


def test_a_batch_costs_no_more_statements_for_more_touches(api: Api, mai: User, lead: Lead, now: datetime):
    factories.version_in_force({"condition": {"all": []}, "points": 1}, threshold=10)
    for number in range(40):
        factories.lead(source_system="crm", external_id=f"B-{number}")

    def cost(count: int) -> int:
        of = [touch(lead={"source_system": "crm", "external_id": f"B-{number}"}) for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert send(api(mai), *of).json()["created"] == count
        return len(queries)

    judging.judge(lead_ids=list(Lead.objects.values_list("pk", flat=True)), now=now - timedelta(days=1))

    assert cost(40) == cost(2)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_touch_at_once_is_one(api: Api, mai: User, lead: Lead):
    factories.touch_kind("seminar")

    answers = at_once(*(lambda: send(api(mai), touch(external_id="T-1")) for _each in range(4)))

    assert sorted(answer.json()["created"] for answer in answers) == [0, 0, 0, 1]
    assert Touch.objects.count() == 1
