"""Leads, definitions and deals for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from alignment.accounts.models import User
from leads.models import Deal, Lead
from leads.services import judging
from tests import factories
from tests.leads import definition_steps as steps

pytestmark = pytest.mark.django_db
Api = Callable[[User | None], APIClient]


@pytest.fixture
def lead(ren: User) -> Lead:
    return factories.lead(
        full_name="Hanako Sato",
        source="web",
        stage="with_sales",
        owner=ren,
        account=factories.account(industry="Manufacturing"),
        campaign=factories.campaign("Spring"),
    )


def names(api: APIClient, query: str) -> list[str]:
    return [row["name"] for row in api.get(f"/api/v1/leads/?{query}").json()["results"]]


# -- leads --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["leads/", "leads/1/", "definitions/", "definitions/1/", "deals/", "deals/1/"])
def test_nothing_is_told_to_strangers(path: str, api: Api):
    assert api(None).get(f"/api/v1/{path}").status_code == 401


def test_a_lead_is_told_with_its_verdict_in_the_callers_language(api: Api, mai: User, lead: Lead, now: datetime):
    factories.version_in_force({"condition": steps.MANUFACTURERS, "points": 10, "why": "ours"})
    judging.judge(lead_ids=[lead.pk], now=now)
    factories.touch(lead, kind="seminar", at=now, detail="Spring day")

    told = api(mai).get(f"/api/v1/leads/{lead.pk}/").json()

    assert (told["name"], told["owner"]["name"], told["campaign"]["name"]) == ("Hanako Sato", "Ren", "Spring")
    assert (told["points"], told["threshold"], told["verdict"]["is_qualified"]) == (10, 10, True)
    assert told["verdict"]["criteria"] == [
        {
            "sentence": "industry is “Manufacturing”",
            "met": True,
            "points": 10,
            "worth": 10,
            "is_disqualifier": False,
            "why": "ours",
            "seen": ["Manufacturing"],
        }
    ]
    assert [touch["detail"] for touch in told["touches"]] == ["Spring day"]


def test_an_unknown_lead_is_not_found(api: Api, mai: User):
    assert api(mai).get("/api/v1/leads/999999999/").status_code == 404


def test_leads_are_narrowed_by_every_filter(api: Api, ren: User, lead: Lead, now: datetime):
    factories.lead(full_name="Other", source="fair", captured_at=now, qualified_at=now, stage="qualified")
    client = api(ren)

    for query in (
        "q=sato",
        "stage=with_sales",
        "turn=sales",
        "source=web",
        f"campaign={lead.campaign_id}",
        f"account={lead.account_id}",
        "owner=me",
        f"owner={ren.pk}",
        "qualified=false",
        "captured_to=2026-03-15T00:00:00Z",
    ):
        assert names(client, query) == ["Hanako Sato"], query
    for query in ("owner=none", "qualified=true", "turn=marketing", "captured_from=2026-03-15T00:00:00Z"):
        assert names(client, query) == ["Other"], query


def test_a_program_finds_what_is_its_own_and_what_is_new(api: Api, mai: User, lead: Lead, now: datetime):
    factories.lead(full_name="Other", source_system="crm", external_id="A-1", updated_at=now)

    for query in ("external_id=A-1", "source_system=crm", f"updated_since={now.isoformat().replace('+', '%2B')}"):
        assert names(api(mai), query) == ["Other"], query
    assert names(api(mai), "external_id=A-2") == []


def walk(client: APIClient, query: str, between: Callable[[], object] = lambda: None) -> list[str]:
    """The names on all pages, one after the other."""
    address, found = f"/api/v1/leads/?{query}", []
    while address:
        answer = client.get(address).json()
        found += [row["name"] for row in answer["results"]]
        between()
        address = answer["next"]
    return found


def test_pages_follow_one_another_whatever_comes_in_meanwhile(api: Api, mai: User, now: datetime):
    for number in range(7):
        factories.lead(full_name=f"Lead {number}", captured_at=now, updated_at=now)  # all at the same moment

    found = walk(api(mai), "page_size=3", between=lambda: factories.lead(full_name="New", captured_at=now))

    assert found == [f"Lead {number}" for number in (6, 5, 4, 3, 2, 1, 0)]


def test_pages_keep_to_their_filter(api: Api, mai: User):
    for number in range(4):
        factories.lead(full_name=f"Lead {number}", source="web" if number % 2 else "fair")

    assert walk(api(mai), "page_size=1&source=web") == ["Lead 3", "Lead 1"]


@pytest.mark.parametrize("cursor", ["x", "cD1hYmM=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cD0tMQ=="])
def test_a_place_that_was_never_given_out_is_not_found(cursor: str, api: Api, mai: User, lead: Lead):
    assert api(mai).get(f"/api/v1/leads/?cursor={cursor}").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["stage=lost", "turn=ours", "updated_since=x", "source_system=%00", "captured_from=yesterday", "campaign=x"],
)
def test_a_filter_that_cannot_be_read_is_refused(query: str, api: Api, mai: User):
    answer = api(mai).get(f"/api/v1/leads/?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == query.partition("=")[0]


def cost_of(client: APIClient, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_lists_cost_the_same_for_one_and_for_twenty(api: Api, ren: User, now: datetime):
    client = api(ren)

    def add() -> None:
        account, campaign = factories.account(), factories.campaign()
        lead = factories.lead(account=account, campaign=campaign, owner=ren, stage="with_sales")
        factories.deal(lead=lead, account=account, owner=ren)

    factories.version_in_force({"condition": {"all": []}, "points": 10})
    add()
    judging.judge(lead_ids=list(Lead.objects.values_list("pk", flat=True)), now=now)
    one = [cost_of(client, path) for path in ("/api/v1/leads/", "/api/v1/deals/")]
    for _number in range(19):
        add()
    judging.judge(lead_ids=list(Lead.objects.values_list("pk", flat=True)), now=now)

    assert [cost_of(client, path) for path in ("/api/v1/leads/", "/api/v1/deals/")] == one


# -- definitions --------------------------------------------------------------------------------------


def test_versions_are_told_as_sentences_and_trees(api: Api, aoi: User, sora: User, now: datetime):
    steps.in_force(aoi, aoi, sora, now=now)
    steps.draft(aoi, now + timedelta(days=1), threshold=20)

    draft, in_force = api(sora).get("/api/v1/definitions/").json()["results"]

    assert (draft["number"], draft["status"], draft["threshold"]) == (2, "draft", 20)
    assert (in_force["status"], [one["side"] for one in in_force["signatures"]]) == ("in_force", ["marketing", "sales"])
    assert in_force["criteria"][1]["sentence"] == "download at least 2 times in the last 30 days"
    assert in_force["criteria"][1]["condition"] == steps.TWO_DOWNLOADS
    assert api(sora).get("/api/v1/definitions/1/").json() == in_force
    assert api(sora).get("/api/v1/definitions/3/").status_code == 404


# -- deals --------------------------------------------------------------------------------------------


def opened(client: APIClient, lead: Lead, **changes: Any) -> Any:
    facts = {"name": "First line", "amount": "1200000", "expected_on": "2026-06-30"} | changes
    return client.post(f"/api/v1/leads/{lead.pk}/deals/", facts, format="json")


def test_a_deal_is_opened_changed_and_won(api: Api, ren: User, lead: Lead):
    client = api(ren)

    deal = opened(client, lead)
    assert (deal.status_code, deal.json()["state"], deal.json()["amount"]) == (201, "open", "1200000.00")
    path = f"/api/v1/deals/{deal.json()['id']}/"
    changed = client.put(path, {"name": "Second line", "amount": "900000"}, format="json")
    assert changed.json()["name"] == "Second line"

    won = client.post(f"{path}win/", {"reason": "trust"}, format="json")

    assert (won.status_code, won.json()["state"], won.json()["win_reason"]) == (200, "won", "trust")
    assert Deal.objects.get().amount == Decimal(900_000)
    assert client.get("/api/v1/deals/?state=won&owner=me").json()["count"] == 1
    assert client.get(path).json() == won.json()


def test_a_closed_deal_is_refused_with_a_code(api: Api, ren: User, lead: Lead):
    client = api(ren)
    path = f"/api/v1/deals/{opened(client, lead).json()['id']}"
    assert client.post(f"{path}/lose/", {"reason": "price"}, format="json").json()["loss_reason"] == "price"

    again = client.post(f"{path}/win/", {"reason": "trust"}, format="json")

    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "deal_closed")


@pytest.mark.parametrize(
    ("changes", "attr"),
    [({"amount": "-1"}, "amount"), ({"name": ""}, "name"), ({"expected_on": "soon"}, "expected_on")],
)
def test_impossible_facts_name_the_field(changes: dict[str, str], attr: str, api: Api, ren: User, lead: Lead):
    answer = opened(api(ren), lead, **changes)

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, attr)


def test_who_may_not_is_told_so(api: Api, mai: User, rei: User, riku: User, lead: Lead):
    assert opened(api(mai), lead).status_code == 403
    assert opened(api(rei), lead).status_code == 403

    assert opened(api(riku), lead).status_code == 201


def test_a_lead_that_is_not_with_sales_takes_no_deal(api: Api, ren: User):
    answer = opened(api(ren), factories.lead())

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_with_sales")


@pytest.mark.parametrize("moment", ["2026-04-01T00:00:00-23:50", "0001-01-01T00:00:00%2B14:00"])
def test_a_moment_far_from_utc_is_understood_or_refused(api: Api, mai: User, lead: Lead, moment: str) -> None:
    answer = api(mai).get(f"/api/v1/leads/?captured_from={moment}")

    assert answer.status_code in (200, 400)


def test_a_page_size_that_is_no_number_is_refused(api: Api, mai: User, lead: Lead) -> None:
    answer = api(mai).get("/api/v1/leads/?page_size=many")

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "page_size")


def test_a_wrong_address_answers_a_program_in_its_own_shape(api: Api, mai: User) -> None:
    answer = api(mai).get("/api/v1/leads/-1/")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "not_found")
