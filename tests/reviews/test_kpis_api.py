"""The contract of the figures with other programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from alignment.accounts.models import User
from reviews.kpis.registry import KPIS
from tests import factories
from tests.conftest import TOKYO

pytestmark = pytest.mark.django_db

MARCH = {"from": "2026-03-01", "to": "2026-04-01"}
Api = Callable[[User | None], APIClient]


@pytest.fixture
def history(ren: User) -> None:
    """One lead that won, one that only qualified, one deal that sales found."""
    at = datetime(2026, 3, 2, 12, tzinfo=TOKYO)
    won = factories.qualified_lead(captured_at=at, source="social")
    factories.qualified_lead(captured_at=at, source="")
    factories.handoff(won, offered_at=at, status="accepted", offered_to=ren, business_seconds_to_decide=5400)
    factories.deal(lead=won, opened_at=at, won_at=at.replace(day=12), amount=1_200_000, owner=ren)
    factories.deal(opened_at=at, lost_at=at, product="GTX")


def test_the_shape(history: None, api: Api, mai: User) -> None:
    answer = api(mai).get("/api/v1/kpis/", MARCH | {"basis": "cohort", "group_by": "source"})

    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["from", "basis", "to", "total", "groups"]
    assert (body["basis"], body["from"], body["to"]) == ("cohort", "2026-03-01", "2026-04-01")
    assert list(body["total"]) == [kpi.key for kpi in KPIS]
    assert body["total"]["conversion"] == {
        "value": 0.5,
        "numerator": 1,
        "denominator": 2,
        "rows_url": "/api/v1/kpis/conversion/rows/?from=2026-03-01&to=2026-04-01&basis=cohort&group_by=source",
    }
    assert [(group["key"], group["label"]) for group in body["groups"]] == [
        ("social", "social"),
        ("", "No source given"),
    ]
    assert all(list(group["kpis"]) == list(body["total"]) for group in body["groups"])


def test_values_are_numbers_and_nothing_to_divide_by_is_null(history: None, api: Api, mai: User) -> None:
    total = api(mai).get("/api/v1/kpis/", MARCH).json()["total"]

    assert (total["mql"]["value"], total["won_amount"]["value"], total["deal_size"]["value"]) == (
        2,
        1_200_000,
        1_200_000,
    )
    assert total["hours_to_decide_p50"] == total["hours_to_decide_p50"] | {
        "value": 1.5,
        "numerator": None,
        "denominator": 1,
    }
    assert total["days_to_win_mean"]["value"] == 10
    empty = api(mai).get("/api/v1/kpis/", {"from": "2020-01-01", "to": "2020-02-01"}).json()["total"]
    assert (empty["win_rate"]["value"], empty["win_rate"]["denominator"]) == (None, 0)


def test_without_parameters_it_is_this_fiscal_year_by_period(api: Api, mai: User) -> None:
    body = api(mai).get("/api/v1/kpis/").json()

    assert body["basis"] == "period"
    assert body["from"][5:] == body["to"][5:] == "04-01"
    assert int(body["to"][:4]) - int(body["from"][:4]) == 1
    assert body["groups"] == []


@pytest.mark.parametrize("group_by", ["none", "source", "month", "owner", "product", "campaign"])
@pytest.mark.parametrize("basis", ["period", "cohort"])
def test_each_figure_opens_as_many_rows_as_it_says(
    history: None, api: Api, mai: User, basis: str, group_by: str
) -> None:
    client = api(mai)
    body = client.get("/api/v1/kpis/", MARCH | {"basis": basis, "group_by": group_by}).json()

    for kpis in [body["total"], *[group["kpis"] for group in body["groups"]]]:
        for key, figure in kpis.items():
            opened = client.get(figure["rows_url"]).json()["count"]
            counted = figure["denominator"] if figure["numerator"] is None else figure["numerator"]
            assert opened == (counted or 0), key
            if figure["numerator"] is not None and figure["denominator"] is not None:
                assert client.get(figure["rows_url"] + "&part=denominator").json()["count"] == figure["denominator"]


def test_what_has_no_product_is_null_in_a_group_of_products(history: None, api: Api, mai: User) -> None:
    groups = api(mai).get("/api/v1/kpis/", MARCH | {"group_by": "product"}).json()["groups"]

    assert [group["key"] for group in groups] == ["GTX", ""]
    for group in groups:
        nothing = {"value": None, "numerator": None, "denominator": None}
        assert group["kpis"]["conversion"] == group["kpis"]["conversion"] | nothing
        assert group["kpis"]["deals_opened"]["value"] == 1


def test_a_row_says_what_it_is_and_what_it_counts(history: None, api: Api, mai: User) -> None:
    row = api(mai).get("/api/v1/kpis/days_to_win_p50/rows/", MARCH).json()["results"][0]

    assert (row["kind"], row["source"], row["owner"], row["value"]) == ("deal", "social", "Ren", 10)
    assert row["at"].startswith("2026-03-12")
    assert row["lead_id"]


def test_rows_come_in_pages(api: Api, mai: User) -> None:
    for _number in range(3):
        factories.lead(captured_at=datetime(2026, 3, 2, tzinfo=TOKYO))

    first = api(mai).get("/api/v1/kpis/leads/rows/", MARCH | {"page_size": 2}).json()

    assert (first["count"], len(first["results"]), first["previous"]) == (3, 2, None)
    assert len(api(mai).get(first["next"]).json()["results"]) == 1


def test_months_are_given_for_fifty_years_at_most(api: Api, mai: User) -> None:
    client, by_month = api(mai), {"group_by": "month"}
    factories.lead(captured_at=datetime(1976, 5, 1, tzinfo=TOKYO))

    fifty = client.get("/api/v1/kpis/", by_month | {"from": "1976-04-01", "to": "2026-04-01"})

    assert [group["key"] for group in fifty.json()["groups"]] == ["1976-05"]
    more = {"from": "1976-03-31", "to": "2026-04-01"}
    assert client.get("/api/v1/kpis/", by_month | more).status_code == 400
    assert client.get("/api/v1/kpis/", more).status_code == 200
    assert client.get("/api/v1/kpis/leads/rows/", by_month | more | {"group": "1976-05"}).json()["count"] == 1


@pytest.mark.parametrize(
    ("path", "query", "attr"),
    [
        ("", {"from": "1976-03-31", "to": "2026-04-01", "group_by": "month"}, "from"),
        ("", {"from": "yesterday", "to": "2026-04-01"}, "from"),
        ("", {"from": "2026-03-01"}, "to"),
        ("", {"from": "2026-03-02", "to": "2026-03-02"}, "to"),
        ("", {"basis": "both"}, "basis"),
        ("", {"group_by": "week"}, "group_by"),
        ("mql/rows/", {"group": "x"}, "group_by"),
        ("mql/rows/", {"group_by": "owner", "group": "Ren"}, "group"),
        ("mql/rows/", {"group_by": "owner", "group": "²"}, "group"),
        ("mql/rows/", {"group_by": "month", "group": "March"}, "group"),
        ("mql/rows/", {"part": "denominator"}, "part"),
        ("mql/rows/", {"part": "all"}, "part"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    api: Api, mai: User, path: str, query: dict[str, Any], attr: str
) -> None:
    answer = api(mai).get(f"/api/v1/kpis/{path}", query)

    assert answer.status_code == 400
    assert [error["attr"] for error in answer.json()["errors"]] == [attr]


def test_an_unknown_figure_is_not_found(api: Api, mai: User) -> None:
    assert api(mai).get("/api/v1/kpis/happiness/rows/").status_code == 404


def test_an_odd_group_finds_nothing_rather_than_failing(api: Api, mai: User) -> None:
    odd = MARCH | {"group_by": "source", "group": "a\x00b"}

    assert api(mai).get("/api/v1/kpis/mql/rows/", odd).json()["count"] == 0


@pytest.mark.parametrize("path", ["/api/v1/kpis/", "/api/v1/kpis/mql/rows/"])
def test_only_people_who_signed_in_see_figures(api: Api, path: str) -> None:
    assert api(None).get(path).status_code == 401


@pytest.mark.parametrize("path", ["/api/v1/kpis/", "/api/v1/kpis/mql/rows/"])
def test_everybody_sees_the_same(
    api: Api, history: None, mai: User, rei: User, aoi: User, kei: User, path: str
) -> None:
    answers = [api(user).get(path, MARCH).json() for user in (mai, rei, aoi, kei)]

    assert all(answer == answers[0] for answer in answers)
