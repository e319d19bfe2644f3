"""Reviews: built once each, written up together, closed for good.

Rows are locked in the order series, review, action.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError, InvalidInput, NotFound
from alignment.kernel.isolation import one_moment
from alignment.kernel.periods import Period
from reviews.models import AgendaItem, Review, ReviewSeries, Snapshot
from reviews.rules.schedule import due_at
from reviews.selectors.due import due_reviews
from reviews.selectors.exceptions import Found, exceptions
from reviews.services import notices
from reviews.services.snapshots import take_snapshot

log = structlog.get_logger(__name__)


class ReviewClosed(DomainError):
    """Figures, minutes and decisions of a closed review stay as they are."""

    code = "review_closed"


class MinutesChanged(DomainError):
    """Somebody else saved the minutes in the meantime."""

    code = "minutes_changed"


@dataclass(frozen=True)
class Measured:
    """What a review is built from."""

    figures: dict[str, Any]
    exceptions: list[Found]


def build_review(*, series: ReviewSeries, month: date, now: datetime) -> Review:
    """The review of the month in which ``month`` lies; builds it, with its mails, where there is none yet.

    Raise ``InvalidInput`` while the month is not over: what is frozen has to be complete.
    """
    calendars = Calendars.load()
    period = Period.month_of(month)
    if period.end > now.astimezone(calendars.organisation.zone).date():
        raise InvalidInput(_("%(month)s is not over yet.") % {"month": period.label()}, field="month")
    found = Review.objects.filter(series=series, starts_on=period.start).first()
    return found or _build(series.pk, period, _measure(period, calendars, now), calendars, now)


def build_due_reviews(*, now: datetime) -> int:
    """Build every review that is due and not there yet, also those missed while nothing ran; returns how many."""
    return sum(_try(due.series, due.month, now) for due in due_reviews(now=now))


@transaction.atomic
def save_minutes(*, review_id: int, minutes: str, seen_version: int, actor: User, now: datetime) -> Review:
    """Replace the minutes, if nobody else has since ``seen_version``."""
    actor.require(Permission.RUN_REVIEW)
    review = locked_open_review(review_id)
    if review.minutes_version != seen_version:
        raise MinutesChanged(
            _("Somebody else saved the minutes since you opened them. Yours are still here; compare, then save again.")
        )
    review.minutes = minutes.strip()
    review.minutes_version += 1
    review.save(update_fields=["minutes", "minutes_version"])
    return review


@transaction.atomic
def close_review(*, review_id: int, actor: User, now: datetime) -> Review:
    """End the review: from now on its minutes and decisions can only be read."""
    actor.require(Permission.RUN_REVIEW)
    review = locked_open_review(review_id)
    review.status = Review.Status.CLOSED
    review.closed_at = now
    review.closed_by = actor
    review.save(update_fields=["status", "closed_at", "closed_by"])
    return review


def locked_open_review(review_id: int) -> Review:
    """The review, locked until the transaction ends. Raise ``NotFound`` or ``ReviewClosed``."""
    review = Review.objects.select_for_update().filter(pk=review_id).first()
    if review is None:
        raise NotFound(_("There is no such review."))
    if review.status == Review.Status.CLOSED:
        raise ReviewClosed(_("This review is closed; it can be read but not changed."))
    return review


def _try(series: ReviewSeries, month: Period, now: datetime) -> int:
    try:
        build_review(series=series, month=month.start, now=now)
    except Exception:  # one month that cannot be built must not stop the others; the next minute tries again
        log.exception("review_failed", series=series.key, month=month.key)
        return 0
    log.info("review_built", series=series.key, month=month.key)
    return 1


def _measure(month: Period, calendars: Calendars, now: datetime) -> Measured:
    """All of it as it was at one moment: an import that ends between two of these many queries would have the frozen
    figures contradict each other for ever.

    Measured before the lock, as a transaction that waits for one would then see what was there before it waited.
    """
    with one_moment():
        return Measured(
            figures=take_snapshot(month=month, organisation=calendars.organisation, now=now),
            exceptions=exceptions(period=month, zone=calendars.organisation.zone),
        )


@transaction.atomic
def _build(series_id: int, month: Period, measured: Measured, calendars: Calendars, now: datetime) -> Review:
    """Whoever has the series' row builds; the others wait for it and find the review there."""
    series = ReviewSeries.objects.select_for_update().get(pk=series_id)
    found = Review.objects.filter(series=series, starts_on=month.start).first()
    if found is not None:
        return found
    review = Review.objects.create(
        series=series,
        starts_on=month.start,
        ends_on=month.end,
        due_at=due_at(month, calendars.of_organisation()),
        built_at=now,
    )
    Snapshot.objects.create(review=review, figures=measured.figures, taken_at=now)
    agenda = AgendaItem.objects.bulk_create(
        AgendaItem(review=review, kind=kind, position=position, data=data)
        for position, (kind, data) in enumerate(measured.exceptions, start=1)
    )
    notices.review_ready(review, agenda=agenda, now=now)
    return review
