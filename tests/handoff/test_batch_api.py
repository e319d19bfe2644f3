"""Many leads at once: each for itself, in few statements."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from handoff.models import Handoff
from leads.models import Account, Lead, LeadEvent
from tests import factories
from tests.handoff.test_handoff_api import BIG, LEADS, REFUSED
from tests.racing import at_once, while_uncommitted

BATCH = "/api/v1/leads/batch/"
SMALL = BIG | {"employee_count": 3}


def send(client: APIClient, *items: object):
    return client.post(BATCH, {"items": items}, format="json")


def test_every_lead_is_answered_as_if_it_came_alone(version, rule, mai, ren, riku, api):
    one_by_one = [api(mai).post(LEADS, body, format="json").json() for body in (BIG, SMALL)]

    answer = send(api(mai), BIG, SMALL)

    assert answer.status_code == 200
    body = answer.json()
    assert (body["created"], body["existing"], body["refused"]) == (2, 0, 0)
    for alone, result in zip(one_by_one, body["results"], strict=True):
        assert (result["status"], result["errors"]) == ("created", [])
        assert result["verdict"]["points"] == alone["verdict"]["points"]
        assert result["verdict"]["criteria"] == alone["verdict"]["criteria"]
        assert result["lead"]["stage"] == alone["lead"]["stage"]
        assert (result["handoff"] is None) == (alone["handoff"] is None)
        assert result.keys() - {"status", "errors"} == alone.keys()
    assert Lead.objects.count() == 4


def test_turns_go_round_within_a_batch(version, rule, mai, ren, riku, api):
    results = send(api(mai), BIG, BIG, BIG, BIG).json()["results"]

    asked = [result["handoff"]["offered_to"]["full_name"] for result in results]
    assert sorted(asked) == ["Ren", "Ren", "Riku", "Riku"]


@pytest.mark.parametrize(("given", "path"), REFUSED)
def test_one_bad_lead_never_fails_the_others(given, path, version, rule, mai, api):
    alone = api(mai).post(LEADS, BIG | given, format="json").json()["errors"]

    body = send(api(mai), BIG, BIG | given, SMALL).json()

    assert [result["status"] for result in body["results"]] == ["created", "refused", "created"]
    refused = body["results"][1]
    assert refused["errors"] == alone
    assert [error["attr"] for error in refused["errors"]] == [path]
    assert (refused["lead"], refused["verdict"], refused["handoff"]) == (None, None, None)
    assert Lead.objects.count() == 2


@pytest.mark.parametrize("item", [7, "x", []])
def test_what_is_no_lead_at_all_is_refused_alone(item, version, rule, mai, api):
    body = send(api(mai), item, BIG).json()

    assert [result["status"] for result in body["results"]] == ["refused", "created"]
    assert body["results"][0]["errors"][0]["attr"] == "non_field_errors"


def test_what_is_there_already_is_told_and_not_changed(version, rule, mai, ren, api):
    crm = BIG | {"source_system": "crm"}
    first = api(mai).post(LEADS, crm | {"external_id": "A-1"}, format="json").json()

    body = send(
        api(mai),
        crm | {"external_id": "A-1", "full_name": "Other"},
        crm | {"external_id": "A-2"},
        crm | {"external_id": "A-2", "full_name": "Other"},
    ).json()

    old, new, repeated = body["results"]
    assert [result["status"] for result in body["results"]] == ["existing", "created", "existing"]
    assert {name: old[name] for name in first} == first
    assert {**repeated, "status": "created"} == new
    assert (Lead.objects.count(), Handoff.objects.count()) == (2, 2)


def test_a_company_is_made_once_and_its_other_leads_are_judged_again(version, rule, mai, api):
    earlier = api(mai).post(LEADS, {"full_name": "Jiro", "company_name": "Yamada Works"}, format="json").json()
    assert not earlier["verdict"]["is_qualified"]

    send(api(mai), BIG, BIG | {"company_name": "yamada works", "industry": "Steel"}, {"company_name": "Suzuki"})

    yamada = Account.objects.get(name="Yamada Works")
    assert (yamada.employee_count, yamada.industry, yamada.leads.count()) == (250, "Steel", 3)
    assert Account.objects.count() == 2
    assert Lead.objects.get(pk=earlier["lead"]["id"]).stage == "qualified"


def test_every_lead_has_its_event(version, rule, mai, api):
    send(api(mai), SMALL, SMALL)

    assert list(LeadEvent.objects.values_list("kind", "actor")) == [("captured", mai.pk)] * 2


@pytest.mark.parametrize("body", [{}, {"items": []}, {"items": {}}, {"items": [{}] * 1001}, [BIG], "x"])
def test_what_is_no_batch_is_refused_as_a_whole(body, version, rule, mai, api):
    answer = api(mai).post(BATCH, body, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "items")
    assert not Lead.objects.exists()


@pytest.mark.parametrize(("person", "status"), [("mai", 200), ("aoi", 200), ("kei", 200), ("ren", 403), ("sora", 403)])
def test_who_may_submit_many(person, status, version, rule, request, api):
    assert send(api(request.getfixturevalue(person)), BIG).status_code == status
    assert Lead.objects.exists() == (status == 200)


def test_a_batch_costs_no_more_statements_for_more_leads(version, mai, api):
    def cost(count: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert send(api(mai), *[SMALL | {"company_name": f"C{count}-{n}"} for n in range(count)]).json()["created"]
        return len(queries)

    cost(1)

    assert cost(40) == cost(2)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_batches_at_once_make_each_lead_once(version, rule, mai, ren, api):
    ids = [f"A-{number}" for number in range(20)]

    def batch(order: list[str]):
        return send(api(mai), *[SMALL | {"source_system": "crm", "external_id": each} for each in order])

    answers = at_once(lambda: batch(ids), lambda: batch(ids[::-1]), lambda: batch(ids[::2]))

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert Lead.objects.count() == 20
    assert sum(answer.json()["created"] for answer in answers) == 20
    assert sum(answer.json()["refused"] for answer in answers) == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_lead_that_another_sends_meanwhile_is_existing(version, mai, api):
    crm = SMALL | {"source_system": "crm"}

    answer = while_uncommitted(
        lambda: factories.lead(source_system="crm", external_id="A-1"),
        lambda: send(api(mai), crm | {"external_id": "A-1"}, crm | {"external_id": "A-2"}),
    )

    assert [result["status"] for result in answer.json()["results"]] == ["existing", "created"]
    assert Lead.objects.count() == 2
