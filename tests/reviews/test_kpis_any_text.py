"""Whatever stands in an address of the figures, the answer is figures or a refusal, never a fault of ours."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from alignment.accounts.models import User
from tests import factories
from tests.conftest import TOKYO

pytestmark = pytest.mark.django_db

PATHS = ("/reviews/", "/kpis/", "/kpis/conversion/", "/kpis/conversion/rows/", "/kpis/won_amount/rows/")
API = ("/api/v1/kpis/", "/api/v1/kpis/conversion/rows/", "/api/v1/kpis/won_amount/rows/")
ODD = (
    *("", "\x00", "a\x00b", "'", '"', "';--", "\\", "%", "..", "_connector", "pk__in", "–", "²", "٣", "-1", "1e9"),
    *("0", "9" * 19, "9" * 5000, "x" * 10_000, "0001-01-01", "9999-12-31", "2026-02-30", "2026-03-01", "2026-04-01"),
    *("period", "cohort", "none", "source", "month", "owner", "product", "campaign", "week", "year", "2026-03"),
    *("numerator", "denominator", "2", "last"),
)
TEXTS = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
QUERIES = st.dictionaries(
    st.sampled_from(["from", "to", "last", "basis", "group_by", "group", "part", "page", "page_size", "_connector"]),
    TEXTS,
    max_size=8,
)
MOST_QUERIES = 40
"""What the dearest page asks, whatever is asked of it; there are 60 rows, and groups, that might cost one each."""


@pytest.fixture
def clients(mai: User, ren: User) -> list[tuple[Client, tuple[str, ...]]]:
    at = datetime(2026, 3, 2, 12, tzinfo=TOKYO)
    for number in range(60):
        lead = factories.qualified_lead(captured_at=at, source=f"s{number}", campaign=factories.campaign())
        factories.deal(lead=lead, won_at=at, amount=number, product=f"p{number}", owner=ren)
    browser, program = Client(), APIClient()
    browser.force_login(mai)
    program.force_authenticate(mai)
    return [(browser, PATHS), (program, API)]


def told(clients: list[tuple[Client, tuple[str, ...]]], query: dict[str, str]) -> list[tuple[str, int, int]]:
    """Address, status and number of queries of each page and operation that is asked like this."""
    found = []
    for client, paths in clients:
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                status = client.get(path, query).status_code
            found.append((path, status, len(captured)))
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
@example(query={"from": "2026-01-01", "last": "9999-12-31"})
@example(query={"from": "0001-01-01", "last": "2026-03-01", "basis": "cohort"})
@example(query={"from": "2026-03-01", "to": "2026-04-01", "group_by": "source", "group": "\x00"})
@example(query={"from": "2026-03-01", "to": "2026-04-01", "group_by": "product", "group": "x" * 10_000})
@example(query={"group_by": "owner", "group": "9" * 5000, "page": "9" * 5000})
@example(query={"from": "1900-01-01", "to": "2199-12-31", "group_by": "month", "group": "2026-03"})
@example(query={"part": "\x00", "group_by": "_connector", "basis": "'", "page": "\x00"})
def test_any_text_is_answered_or_refused(clients: list[tuple[Client, tuple[str, ...]]], query: dict[str, str]) -> None:
    for path, status, queries in told(clients, query):
        assert status in (200, 400, 404, 422), path
        assert queries <= MOST_QUERIES, path


@pytest.mark.parametrize("group_by", ["none", "source", "month", "owner", "product", "campaign"])
def test_a_long_time_costs_as_many_queries_as_a_short_one(
    clients: list[tuple[Client, tuple[str, ...]]], group_by: str
) -> None:
    def queries(start: str, end: str) -> dict[str, int]:
        query = {"from": start, "to": end, "group_by": group_by, "basis": "cohort"}
        return {path: count for path, _status, count in told(clients, query)}

    queries("2026-03-01", "2026-04-01")  # what is asked once per process
    assert queries("1980-01-01", "2029-12-31") == queries("2026-03-01", "2026-04-01")
