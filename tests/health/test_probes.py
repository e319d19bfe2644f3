"""Alive and ready: what the probes say, and that they say it without help from anything that may be down."""

from __future__ import annotations

import socket

import pytest
from django.db.utils import OperationalError
from django.utils import timezone

from alignment import __version__
from alignment.health import checks, recent, services
from tests.health.conftest import KEY


def test_alive_asks_no_database(client):
    """There is no database in this test: asking one would raise."""
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json()["version"] == __version__
    assert answer["Cache-Control"].startswith("max-age=0")


def test_ready_when_every_part_works(client, all_alive):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert set(answer.json()["parts"]) == {"database", "redis", "worker", "beat", "migrations"}


@pytest.mark.parametrize(("part", "heartbeats"), [("worker", checks.HEARTBEATS[:-1]), ("beat", [checks.BEAT])])
def test_a_silent_part_is_named_with_its_age(client, all_alive, operator, part, heartbeats):
    services.note(*heartbeats, now=timezone.now() - checks.SILENT_AFTER * 2)

    answer = client.get("/readyz", headers=operator)

    assert answer.status_code == 503
    assert answer.json()["parts"][part]["ok"] is False
    assert answer.json()["parts"][part]["age_seconds"] >= 120
    assert [name for name, state in answer.json()["parts"].items() if not state["ok"]] == [part]


@pytest.mark.parametrize("queue", checks.QUEUES)
def test_a_queue_that_nobody_serves_is_named(client, all_alive, operator, queue):
    services.note(checks.heartbeat_of(queue), now=timezone.now() - checks.SILENT_AFTER * 2)

    answer = client.get("/readyz", headers=operator)

    assert answer.status_code == 503
    assert answer.json()["parts"]["worker"]["ok"] is False
    assert answer.json()["parts"]["worker"]["silent"] == [queue]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic {key}"}])
def test_without_the_key_a_part_says_only_whether_it_works(client, all_alive, operator, headers):
    services.note(checks.heartbeat_of("notice"), now=timezone.now() - checks.SILENT_AFTER * 2)
    headers = {name: value.format(key=KEY) for name, value in headers.items()}

    answer = client.get("/readyz", headers=headers)

    assert answer.status_code == 503
    assert answer.json()["parts"] == {
        "database": {"ok": True},
        "redis": {"ok": True},
        "worker": {"ok": False},
        "beat": {"ok": True},
        "migrations": {"ok": True},
    }


def test_where_no_key_is_set_no_key_opens_the_details(client, all_alive):
    for given in ("Bearer ", "Bearer", "Bearer None"):
        assert client.get("/readyz", headers={"Authorization": given}).json()["parts"]["beat"] == {"ok": True}


def test_a_probe_does_not_wait_long_for_another(client, all_alive, monkeypatch):
    monkeypatch.setattr(recent, "WAIT_FOR_ANOTHER", 0.1)

    with checks.recent_report.lock:
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["parts"]["database"] == {"ok": False}


def test_a_part_that_never_ran_is_not_ready(client, db):
    assert client.get("/readyz").json()["parts"]["worker"] == {"ok": False}


def test_a_frozen_redis_is_named_and_nothing_of_its_address(client, all_alive, settings):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        port = server.getsockname()[1]
        settings.REDIS_URL = f"redis://:a-secret@127.0.0.1:{port}/0"

        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["parts"]["redis"] == {"ok": False}
    assert "a-secret" not in answer.text
    assert str(port) not in answer.text


def test_a_database_that_is_away_is_named_and_does_not_break_the_probe(client, monkeypatch):
    def away(*_args: object) -> None:
        raise OperationalError("could not connect to server at 10.1.2.3")

    monkeypatch.setattr(checks, "is_database_there", away)
    monkeypatch.setattr(checks, "silences", away)
    monkeypatch.setattr(checks, "unapplied_migrations", away)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "10.1.2.3" not in answer.text
    assert answer.json()["parts"]["database"] == {"ok": False}


def test_a_migration_that_is_missing_is_named(client, all_alive, monkeypatch):
    monkeypatch.setattr(checks, "_wanted_migrations", lambda: frozenset({("accounts", "9999_future")}))

    assert client.get("/readyz").json()["parts"]["migrations"] == {"ok": False}


def test_probing_again_at_once_asks_nobody(client, all_alive, django_assert_num_queries):
    client.get("/readyz")

    with django_assert_num_queries(0):
        client.get("/readyz")


def test_a_probe_needs_no_known_host_name(client, all_alive):
    assert client.get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/readyz", headers={"host": "10.0.0.7:8000"}).status_code == 200
