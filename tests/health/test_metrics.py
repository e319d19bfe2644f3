"""What monitoring reads: who may, what is there, and that it is there whatever else is not."""

from __future__ import annotations

import os
import signal
import socket
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.utils import OperationalError
from django.urls import reverse
from django.utils import timezone

from alignment import __version__
from alignment.health import checks, metrics, services
from alignment.health.middleware import RequestSecondsMiddleware
from alignment.local import processes, programs, servers
from alignment.outbox.models import Notice, NoticeState
from handoff.models import Clock
from leads.models import ImportJob
from reviews.models import Review, ReviewSeries
from tests.health.conftest import KEY
from tests.scraping import Figures, figures

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def test_without_a_key_set_there_is_nothing(client):
    """There is no database in this test: asking one would raise."""
    for given in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {KEY}"}):
        answer = client.get("/metrics", headers=given)

        assert (answer.status_code, answer.content) == (404, b"")


HOSTILE = ["", KEY, "Bearer", "Bearer ", f"Basic {KEY}", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Bearer  {KEY}"]


@pytest.mark.parametrize("given", [*HOSTILE, "Bearer \xff\xfe", "Bearer " + "é" * 5000, "Bearer a\x00b", "\x00"])
def test_a_wrong_key_is_told_so_and_nothing_else(client, operator, given):
    answer = client.get("/metrics", headers={"Authorization": given})

    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_with_the_key_it_says_what_runs_and_that_it_does(scrape, all_alive):
    found = scrape()

    assert found["alignment_build_info"] == {(__version__,): 1}
    assert found["alignment_part_up"] == {(name,): 1 for name in ("database", "redis", "worker", "beat", "migrations")}
    assert found["alignment_heartbeat_age_seconds"].keys() == {(name,) for name in checks.HEARTBEATS}
    assert max(found["alignment_heartbeat_age_seconds"].values()) < 60


def test_it_is_no_page(client, operator, all_alive):
    answer = client.get("/metrics", headers=operator | {"Host": "10.0.0.7:8000"})

    assert answer["Content-Type"].startswith("text/plain; version=")
    assert "no-store" in answer["Cache-Control"]
    assert client.post("/metrics", headers=operator).status_code == 405


def test_a_silent_queue_shows_its_age(scrape, all_alive):
    services.note(checks.heartbeat_of("import"), now=timezone.now() - timedelta(minutes=5))

    found = scrape()

    assert found["alignment_part_up"]["worker",] == 0
    assert found["alignment_heartbeat_age_seconds"]["worker:import",] == pytest.approx(300, abs=5)


def test_mails_that_have_not_left_are_told_by_kind(scrape, db):
    now = timezone.now()
    fields = {"to_address": "a@example.com", "template": "handoff/email/offered", "created_at": now}
    old = {"created_at": now - timedelta(hours=2), "next_at": now + timedelta(hours=1)}  # tried, and to be tried again
    Notice.objects.create(**fields, next_at=now - timedelta(minutes=4))
    Notice.objects.create(**fields | old, last_error="no server", attempts=3)
    Notice.objects.create(**fields, next_at=now, state=NoticeState.SENT, sent_at=now)
    Notice.objects.create(**fields | {"template": "b"}, next_at=now + timedelta(hours=1))
    Notice.objects.create(**fields | {"template": "b"}, next_at=now, state=NoticeState.DEAD, attempts=5)

    found = scrape()

    offered, b = ("handoff/email/offered",), ("b",)
    assert found["alignment_outbox_pending"] == {offered: 2, b: 1}
    assert found["alignment_outbox_dead"] == {offered: 0, b: 1}
    assert found["alignment_outbox_attempts"] == {offered: 3, b: 0}
    assert found["alignment_outbox_due_seconds"] == {offered: pytest.approx(7200, abs=5), b: 0}


def test_deadlines_and_reviews_that_nobody_looks_after_show_how_late_they_are(scrape, everything):
    now = timezone.now()
    Clock.objects.filter(met_at=None).update(started_at=now - timedelta(days=1), due_at=now + timedelta(hours=1))
    ReviewSeries.objects.update(is_active=False)
    quiet = scrape()
    Clock.objects.filter(met_at=None).update(due_at=now - timedelta(hours=1))
    ReviewSeries.objects.update(is_active=True, first_month=(now - timedelta(days=75)).date().replace(day=1))
    late = scrape()

    assert quiet["alignment_clock_scan_lag_seconds"] == quiet["alignment_review_overdue_seconds"] == {(): 0}
    assert late["alignment_clock_scan_lag_seconds"][()] == pytest.approx(3600, abs=5)
    assert late["alignment_review_overdue_seconds"][()] > 3600
    built = Review.objects.latest("built_at")
    age = (now - built.built_at).total_seconds()
    assert late["alignment_review_age_seconds"][built.series.key,] == pytest.approx(age, abs=5)


def test_imports_and_connections_are_counted(scrape, kei):
    ImportJob.objects.create(kind="leads", actor=kei, at=timezone.now(), state=ImportJob.State.DONE)

    found = scrape()

    assert found["alignment_import_runs"] == {("leads",): 1}
    assert found["alignment_database_connections"]["active",] >= 1
    assert found["alignment_database_connections_max"][()] > sum(found["alignment_database_connections"].values())
    assert found["alignment_database_longest_transaction_seconds"][()] >= 0


def test_only_imports_that_nobody_works_on_are_said_to_wait(scrape, kei):
    now, minute, state = timezone.now(), timedelta(minutes=1), ImportJob.State
    for named, claimed_until in (
        (state.RUNNING, None),
        (state.CHECKING, now - minute),
        (state.RUNNING, now + minute),
        (state.DRAFT, None),
        (state.DONE, None),
    ):
        job = {"kind": "leads", "actor": kei, "at": now - timedelta(days=9)}
        ImportJob.objects.create(state=named, claimed_until=claimed_until, **job)

    assert scrape()["alignment_imports_waiting"][()] == 2


def test_asking_again_at_once_asks_nobody(client, operator, all_alive, django_assert_num_queries):
    client.get("/metrics", headers=operator)

    with django_assert_num_queries(0):
        client.get("/metrics", headers=operator)


# -- whatever else is down ------------------------------------------------------------------------------


def test_a_frozen_redis_costs_a_second_and_hides_nothing(scrape, all_alive, settings):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        settings.REDIS_URL = f"redis://:a-secret@127.0.0.1:{server.getsockname()[1]}/0"
        began = time.monotonic()

        found = scrape()

    assert time.monotonic() - began < 3
    assert found["alignment_part_up"]["redis",] == 0
    assert found["alignment_part_up"]["database",] == 1
    assert "alignment_database_connections" in found


def away(*_args: object, **_kwargs: object) -> None:
    raise OperationalError("could not connect to server at 10.1.2.3")


def test_a_database_that_is_away_is_named_and_asked_no_further(scrape, client, monkeypatch):
    monkeypatch.setattr(checks, "is_database_there", away)
    monkeypatch.setattr(metrics, "_sources", {"any": lambda now: pytest.fail("asked")})

    found = scrape()

    assert found["alignment_part_up"]["database",] == 0
    assert found["alignment_part_up"]["redis",] == 1
    assert "alignment_build_info" in found
    assert "alignment_database_connections" not in found


def test_a_database_that_goes_away_in_the_middle_is_asked_no_further(scrape, all_alive, monkeypatch):
    asked = []

    def mails(now: object) -> None:
        asked.append("mails")
        away()

    monkeypatch.setitem(metrics._sources, "mails", mails)
    monkeypatch.setitem(metrics._sources, "later", lambda now: asked.append("later") or [])

    found = scrape()

    assert asked == ["mails"]
    assert "alignment_heartbeat_age_seconds" in found


def test_a_figure_that_fails_hides_no_other(scrape, all_alive, monkeypatch):
    monkeypatch.setitem(metrics._sources, "mails", lambda now: 1 / 0)

    found = scrape()

    assert "alignment_outbox_pending" not in found
    assert "alignment_database_connections" in found


# -- requests ------------------------------------------------------------------------------------------


def answered(found: Figures) -> dict[tuple[str, ...], float]:
    return found.get("alignment_request_seconds_count", {})


def test_requests_are_counted_by_the_name_of_their_address_and_never_by_what_a_visitor_wrote(scrape, signed_in, ren):
    browser, before = signed_in(ren), answered(scrape())

    browser.get(reverse("handoff:inbox"))
    for number in range(3):
        browser.get(reverse("leads:detail", kwargs={"pk": number}))
        browser.get(f"/nothing-here-{number}")
        browser.generic(f"ODD{number}", reverse("handoff:inbox"))
    after = answered(scrape())

    more = {labels: count - before.get(labels, 0) for labels, count in after.items()}
    assert {labels: count for labels, count in more.items() if count} == {
        ("GET", "handoff:inbox", "2xx"): 1,
        ("GET", "leads:detail", "4xx"): 3,
        ("GET", "none", "4xx"): 3,
        ("other", "handoff:inbox", "4xx"): 3,
    }


def test_a_fault_that_has_no_page_is_counted_too(scrape, db, rf):
    def fault(_request: object) -> None:
        raise ZeroDivisionError

    before = answered(scrape())
    with pytest.raises(ZeroDivisionError):
        RequestSecondsMiddleware(fault)(rf.get("/"))

    labels = ("GET", "none", "5xx")
    assert answered(scrape())[labels] == before.get(labels, 0) + 1


@pytest.fixture
def web(tmp_path):
    """The web server as it is started everywhere, two processes, with neither database nor Redis."""
    port = processes.free_port()
    nowhere = {"DATABASE_URL": "postgresql://127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    variables = {"DJANGO_SETTINGS_MODULE": "alignment.settings.test", "METRICS_KEY": KEY, "TMPDIR": str(tmp_path)}
    child = processes.spawn(
        programs.web(port).command,
        log=tmp_path / "web.log",
        tied=signal.SIGTERM,
        cwd=servers.PROJECT,
        env={**os.environ, **nowhere, **variables},
    )
    url = f"http://{processes.LOOPBACK}:{port}"
    assert processes.wait_until(lambda: fetch(f"{url}/healthz"), 30), (tmp_path / "web.log").read_text()
    yield url, child
    child.terminate()
    child.wait(20)
    assert list(tmp_path.glob("alignment-metrics-*")) == []  # nothing is left behind


def fetch(url: str) -> str:
    """The body of an answer, whatever its status; empty where nobody answers."""
    try:
        with DIRECT.open(urllib.request.Request(url, headers={"Authorization": f"Bearer {KEY}"}), timeout=10) as reply:
            return reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode() or str(error.code)
    except OSError:
        return ""


def test_all_processes_of_the_web_server_are_added_up_also_after_one_dies(web, tmp_path):
    url, child = web

    def count() -> float:
        return sum(answered(figures(fetch(f"{url}/metrics"))).values())

    def workers() -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fetch, [f"{url}/nothing-here"] * 80))
    counts = {count() for _scrape in range(8)}
    before = workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: len(workers()) == 2 and not set(workers()) & set(before), 20)
    with ThreadPoolExecutor(8) as pool:
        again = [answer for answer in pool.map(fetch, [f"{url}/nothing-here"] * 80) if answer]

    assert counts == {80}
    assert count() == 80 + len(again)
    assert len(list(tmp_path.glob("alignment-metrics-*/*.db"))) == 2  # whoever replaces a process goes on with its file
