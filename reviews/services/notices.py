"""The mail of a review: one to each participant, however often the review is built."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from alignment.accounts.models import User, UserQuerySet
from alignment.accounts.roles import Role
from alignment.kernel.periods import Period
from alignment.outbox import services as outbox
from reviews.models import AgendaItem, Review, ReviewSeries


def participants(series: ReviewSeries) -> UserQuerySet:
    """The managers of both sides, and whoever was added to the series."""
    people: UserQuerySet = User.objects.active().filter(Q(role=Role.MANAGER) | Q(review_series=series))
    return people.distinct().order_by("pk")


def review_ready(review: Review, *, agenda: list[AgendaItem], now: datetime) -> None:
    """Tell every participant that the figures of the month are on the table."""

    def context() -> dict[str, object]:
        return {
            "review_id": review.pk,
            "name": review.series.name,
            "month": Period(review.starts_on, review.ends_on).label(),
            "missed": sum(item.data["count"] for item in agenda if item.kind == AgendaItem.Kind.BREACH),
            "repeated": sum(item.kind == AgendaItem.Kind.REPEATED_REASON for item in agenda),
        }

    template = "reviews/email/review_ready"
    key = f"review:{review.pk}"
    outbox.write_all(to=participants(review.series), template=template, context=context, key=key, now=now)
