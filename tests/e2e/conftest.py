"""A real browser on the served pages. Each test has browser contexts of its own; any fault of a page fails it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright
from pytest_django.live_server_helper import LiveServer

from alignment.accounts.models import Absence, Organisation, Team, User
from alignment.health import services as health
from alignment.health.checks import HEARTBEATS
from handoff.models import Handoff
from handoff.services import offers
from reviews.models import ReviewSeries
from tests import baseline, factories
from tests.e2e.clock import Clock
from tests.e2e.visitor import WIDE, Enter, Visitor

HERE = Path(__file__).parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 45_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all tests: $CHROMIUM, else the system's."""
    program = _program()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's loop runs in this thread; nothing here is async
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=program, args=FLAGS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def _program() -> str:
    """The path of the browser; without one the tests are skipped, or fail where E2E_REQUIRED=1."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else shutil.which("chromium") or shutil.which("google-chrome")
    why = "no Chromium: install the system's package, or give its path as CHROMIUM"
    if found and not (settings.NODE_MODULES / "axe-core").exists():
        found, why = None, "axe-core is not installed: make install"
    if found is None:
        (pytest.fail if os.environ.get("E2E_REQUIRED") == "1" else pytest.skip)(why)
    return found


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """The pages with their static files; pytest-django's own knows the app that finds them only by Django's name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.testcases._StaticFilesHandler", StaticFilesHandler)
        server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture(params=["en", "ja"])
def language(request: pytest.FixtureRequest) -> str:
    """Every journey runs in both languages."""
    return str(request.param)


@pytest.fixture
def clock(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A Wednesday morning, running; pages served by this process see it too."""
    clock = Clock(now)
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def installation(transactional_db: None, clock: Clock, language: str) -> Organisation:
    """A new installation in which worker and beat are alive."""
    baseline.restore()
    ReviewSeries.objects.update(first_month=timezone.localdate().replace(day=1))
    health.note(*HEARTBEATS, now=timezone.now())
    organisation = Organisation.get()
    organisation.default_language = language
    organisation.save()
    return organisation


@pytest.fixture
def people(
    installation: Organisation, language: str, mai: User, ren: User, riku: User, aoi: User, sora: User
) -> dict[str, User]:
    """Everybody reads the language of the test."""
    found = {"mai": mai, "ren": ren, "riku": riku, "aoi": aoi, "sora": sora}
    for person in found.values():
        person.language = language
        person.save(update_fields=["language"])
    return found


@pytest.fixture
def visitors() -> list[Visitor]:
    """Everybody who came during the test."""
    return []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add to a failure what was on the screens."""
    report = yield
    if report.when == "call" and report.failed:
        for visitor in getattr(item, "funcargs", {}).get("visitors", []):
            report.sections.append((f"screen: {visitor.path}", visitor.screen()))
    return report


@pytest.fixture
def enter(live_server, chromium, installation: Organisation, language: str, visitors: list[Visitor]) -> Iterator[Enter]:
    """Opens a browser for a person who has signed in (None: a visitor)."""
    contexts = []

    def open_browser(person: User | None = None, *, scripts: bool = True) -> Visitor:
        context = chromium.new_context(
            java_script_enabled=scripts,
            viewport=WIDE,
            locale={"en": "en-GB", "ja": "ja-JP"}[language],
            timezone_id="Asia/Tokyo",
            color_scheme="light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if person is not None:
            client = Client()
            client.force_login(person)
            signed_in = client.cookies["sessionid"]
            context.add_cookies([{"name": signed_in.key, "value": signed_in.value, "url": live_server.url}])
        visitor = Visitor(context, address=live_server.url, language=language, scripts=scripts)
        visitors.append(visitor)
        return visitor

    yield open_browser
    faults = [fault for visitor in visitors for fault in visitor.faults]  # closing itself breaks off what is on its way
    for context in contexts:
        context.close()
    assert not faults, "\n".join(faults)


@pytest.fixture
def agreed(people: dict[str, User], field_sales: Team) -> None:
    """Companies of 100 people or more qualify, and every lead goes round field sales."""
    large = {"field": "employees", "op": "at_least", "value": 100}
    factories.version_in_force({"condition": large, "points": 10, "why": "Budget"}, threshold=10)
    factories.routing_rule(field_sales)


@pytest.fixture
def make_offers(agreed: None, people: dict[str, User]) -> Callable[..., list[Handoff]]:
    """So many offers to Ren; or, while both reps are away, to their whole team."""

    def make(count: int, *, unowned: bool = False) -> list[Handoff]:
        absent = [people["riku"], people["ren"]] if unowned else [people["riku"]]
        day = timezone.localdate()
        for person in absent:
            person.absences.create(starts_on=day, ends_on=day)
        leads = [factories.qualified_lead(full_name=f"Taro Tanaka {n}") for n in range(1, count + 1)]
        made = [offers.hand_over(lead_id=lead.pk, actor=people["mai"], now=timezone.now()) for lead in leads]
        Absence.objects.all().delete()
        return made

    return make
