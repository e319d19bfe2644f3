"""The people of the tests, a fixed moment, and clients that are signed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone, translation
from rest_framework.test import APIClient

from alignment.accounts.models import Team, User
from alignment.kernel import catalogue
from tests import everything as worlds
from tests import factories
from tests.everything import ADMIN, MARKETER, MARKETING_MANAGER, OUTSIDER, REP, SALES_MANAGER, World

TOKYO = ZoneInfo("Asia/Tokyo")
MEASURED = "measured"
"""Under this name a test hands in a line with figures for the summary."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured, whether the tests passed or not."""
    reports = [
        report for found in terminalreporter.stats.values() for report in found if hasattr(report, "user_properties")
    ]
    measured = [(r, text) for r in reports for name, text in r.user_properties if r.when == "call" and name == MEASURED]
    if measured:
        terminalreporter.section("measured under faults")
    for report, text in measured:
        terminalreporter.line(f"{report.nodeid.rpartition('::')[2]}: {text}")


@pytest.fixture(scope="session", autouse=True)
def _texts() -> None:
    """The tests read both languages."""
    catalogue.compile_all()


@pytest.fixture(autouse=True)
def _nobodys_language() -> None:
    """Whoever signed in last in this thread leaves their language and zone behind."""
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def now() -> datetime:
    """A Wednesday morning in business hours."""
    return datetime(2026, 4, 1, 10, 0, tzinfo=TOKYO)


@pytest.fixture
def field_sales(db: None) -> Team:
    return factories.team(name="Field sales")


@pytest.fixture
def inside_sales(db: None) -> Team:
    return factories.team(name="Inside sales")


@pytest.fixture
def mai(db: None) -> User:
    """A marketer."""
    return factories.user("mai", role="marketer", side="marketing")


@pytest.fixture
def ren(field_sales: Team) -> User:
    """A sales rep of field sales."""
    return factories.user("ren", role="sales_rep", side="sales", team=field_sales)


@pytest.fixture
def riku(field_sales: Team) -> User:
    """A second rep of the same team."""
    return factories.user("riku", role="sales_rep", side="sales", team=field_sales)


@pytest.fixture
def rei(inside_sales: Team) -> User:
    """A rep of another team: the outsider."""
    return factories.user("rei", role="sales_rep", side="sales", team=inside_sales)


@pytest.fixture
def aoi(db: None) -> User:
    """The manager of marketing."""
    return factories.user("aoi", role="manager", side="marketing")


@pytest.fixture
def sora(db: None) -> User:
    """The manager of sales."""
    return factories.user("sora", role="manager", side="sales")


@pytest.fixture
def kei(db: None) -> User:
    """An admin."""
    return factories.user("kei", role="admin", side="")


@pytest.fixture
def everything(mai: User, ren: User, rei: User, aoi: User, sora: User, kei: User) -> World:
    """One of everything, and the people of the house."""
    people = {MARKETER: mai, REP: ren, OUTSIDER: rei, MARKETING_MANAGER: aoi, SALES_MANAGER: sora, ADMIN: kei}
    return worlds.make(people)


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser in which this person has signed in."""

    def client_for(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_for


@pytest.fixture
def api() -> Callable[[User | None], APIClient]:
    """A program that acts as this person (None: anonymous)."""

    def client_for(user: User | None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_authenticate(user)
        return client

    return client_for
