"""Beat and worker show that they live; their silence is seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.db.utils import OperationalError
from django.utils import timezone

from alignment.health import beat, checks, services, tasks
from alignment.health.beat import HeartbeatScheduler
from alignment.health.models import CacheEntry, Heartbeat


@pytest.fixture
def scheduler(tmp_path, db):
    made = HeartbeatScheduler(app=current_app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    made.setup_schedule()
    made.apply_async = lambda *args, **kwargs: None  # no broker: only the tick counts here
    yield made
    made.close()


def test_a_tick_of_beat_writes_its_heartbeat(scheduler):
    scheduler.tick()

    assert checks.silent_for("beat", timezone.now()) < timedelta(seconds=5)


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
    tasks.pulse()
    tasks.pulse()

    assert Heartbeat.objects.filter(name="worker").count() == 1


def test_a_part_that_was_never_heard_of_has_no_silence(db):
    assert checks.silent_for("worker", timezone.now()) is None


def test_expired_sessions_and_cache_entries_are_deleted(db, client, mai):
    now = timezone.now()
    CacheEntry.objects.create(cache_key="old", value="x", expires=now - timedelta(seconds=1))
    CacheEntry.objects.create(cache_key="new", value="x", expires=now + timedelta(minutes=5))

    services.tidy(now=now)

    assert list(CacheEntry.objects.values_list("cache_key", flat=True)) == ["new"]
