"""A tick of beat that is lost at the very moment when something is due costs a minute and nothing else."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery import current_app
from celery.beat import SchedulingError

from alignment.health.beat import HeartbeatScheduler
from reviews.models import Review, ReviewSeries
from reviews.services.reviews import build_due_reviews

NAME = "reviews.build_due_reviews"
DUE = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.fixture
def scheduler(tmp_path, db):
    made = HeartbeatScheduler(app=current_app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    made.setup_schedule()
    for other in set(made.schedule) - {NAME}:
        del made.schedule[other]
    yield made
    made.close()


def minute_passes(scheduler: HeartbeatScheduler) -> None:
    scheduler.schedule[NAME].last_run_at -= timedelta(minutes=1)
    scheduler._heap = None
    scheduler.tick()


def test_a_review_whose_tick_could_not_be_published_is_built_by_the_next_one(scheduler, monkeypatch):
    ReviewSeries.objects.update(first_month=date(2026, 3, 1))
    now, broker_is_away, tried = DUE - timedelta(minutes=1), False, 0

    def publish(*_arguments: object, **_options: object) -> None:
        nonlocal tried
        tried += 1
        if broker_is_away:
            raise SchedulingError("the broker is away")
        build_due_reviews(now=now)

    monkeypatch.setattr(scheduler, "apply_async", publish)

    minute_passes(scheduler)
    assert (tried, Review.objects.count()) == (1, 0)  # not due yet

    now, broker_is_away = DUE, True
    minute_passes(scheduler)
    assert (tried, Review.objects.count()) == (2, 0)  # beat counts it as done

    now, broker_is_away = DUE + timedelta(minutes=1), False
    minute_passes(scheduler)

    review = Review.objects.get()
    assert (tried, review.starts_on, review.due_at, review.built_at) == (3, date(2026, 3, 1), DUE, now)
