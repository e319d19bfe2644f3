"""Beat and worker show that they live; their silence is seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from celery.signals import heartbeat_sent
from django.conf import settings
from django.db.utils import OperationalError
from django.utils import timezone

from alignment.health import beat, checks, services, tasks
from alignment.health.beat import HeartbeatScheduler
from alignment.health.models import CacheEntry, Heartbeat
from alignment.local import programs


@pytest.fixture
def scheduler(tmp_path, db):
    made = HeartbeatScheduler(app=current_app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    made.setup_schedule()
    made.apply_async = lambda *args, **kwargs: None  # no broker: only the tick counts here
    yield made
    made.close()


def test_a_tick_of_beat_writes_its_heartbeat(scheduler):
    scheduler.tick()

    assert checks.silences(now=timezone.now())["beat"] < timedelta(seconds=5)


def test_beat_writes_at_most_every_ten_seconds(scheduler, monkeypatch):
    written = []
    monkeypatch.setattr(services, "note", lambda name, now: written.append(name))

    scheduler.tick()
    scheduler.tick()

    assert written == ["beat"]


def test_beat_ticks_often_enough_to_be_heard(scheduler):
    assert scheduler.tick() <= beat.EVERY


def test_beat_goes_on_without_a_database(scheduler, monkeypatch):
    def away(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(services, "note", away)
    monkeypatch.setattr(beat.connection, "close", lambda: None)

    assert scheduler.tick() > 0


def test_the_pulse_of_a_worker_is_written_and_rewritten(db):
    tasks.pulse(queue="notice")
    tasks.pulse(queue="notice")

    assert Heartbeat.objects.filter(name="worker:notice").count() == 1


def test_a_part_that_was_never_heard_of_has_no_silence(db):
    assert checks.silences(now=timezone.now()) == dict.fromkeys(checks.HEARTBEATS)


def test_a_worker_sends_itself_a_pulse_through_each_queue_that_it_serves_and_no_other(monkeypatch):
    sent = []
    monkeypatch.setattr(tasks, "_next_pulse", float("-inf"))
    monkeypatch.setattr(current_app, "send_task", lambda name, **how: sent.append((name, how["queue"], how["kwargs"])))
    monkeypatch.setattr(current_app.amqp.queues, "_consume_from", {"import": None, "report": None})

    heartbeat_sent.send(sender=None)
    heartbeat_sent.send(sender=None)  # two seconds later

    assert sent == [("health.pulse", queue, {"queue": queue}) for queue in ("import", "report")]


def test_the_queues_that_are_watched_are_those_that_are_used_and_served():
    routes = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}

    assert sorted(checks.QUEUES) == sorted(programs.QUEUES.split(","))
    assert routes | {settings.CELERY_TASK_DEFAULT_QUEUE} <= set(checks.QUEUES)


@pytest.mark.parametrize("name", current_app.conf.beat_schedule)
def test_a_tick_that_nobody_took_is_forgotten_before_it_becomes_a_pile(name):
    assert 60 <= current_app.conf.beat_schedule[name]["options"]["expires"] <= 3600


def test_expired_sessions_and_cache_entries_are_deleted(db, client, mai):
    now = timezone.now()
    CacheEntry.objects.create(cache_key="old", value="x", expires=now - timedelta(seconds=1))
    CacheEntry.objects.create(cache_key="new", value="x", expires=now + timedelta(minutes=5))

    services.tidy(now=now)

    assert list(CacheEntry.objects.values_list("cache_key", flat=True)) == ["new"]
