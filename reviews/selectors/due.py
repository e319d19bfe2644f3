"""Reviews that should be there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from alignment.accounts.calendars import Calendars
from alignment.health.metrics import figure
from alignment.kernel.periods import Period
from reviews.models import Review, ReviewSeries
from reviews.rules.schedule import due_at, months_ended


@dataclass(frozen=True)
class DueReview:
    """A month whose review is due and not there yet."""

    series: ReviewSeries
    month: Period
    since: datetime


def due_reviews(*, now: datetime) -> Iterator[DueReview]:
    """Every review that is due and not there yet, also those missed while nothing ran."""
    calendars = Calendars.load()
    today = now.astimezone(calendars.organisation.zone).date()
    for series in ReviewSeries.objects.filter(is_active=True).order_by("pk"):
        there = set(Review.objects.filter(series=series).values_list("starts_on", flat=True))
        for month in months_ended(series.first_month, today=today):
            since = due_at(month, calendars.of_organisation())
            if month.start not in there and since <= now:
                yield DueReview(series, month, since)


@figure("review_overdue_seconds", "For how long the oldest review that is due has been missing.")
def overdue_seconds(now: datetime) -> float:
    """For how many seconds the oldest review that is due has been missing; 0 where all are there."""
    return max(((now - due.since).total_seconds() for due in due_reviews(now=now)), default=0.0)


@figure("review_age_seconds", "Age of the last review that was built.", label="series")
def built_seconds_ago(now: datetime) -> dict[str, float]:
    """For each series how many seconds ago its last review was built."""
    last = ReviewSeries.objects.filter(reviews__isnull=False).annotate(built_at=Max("reviews__built_at"))
    return {series.key: (now - series.built_at).total_seconds() for series in last.order_by("key")}
