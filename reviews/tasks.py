"""Ids in, one call, result out."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from reviews.services import reviews


@shared_task(name="reviews.build_due_reviews")
def build_due_reviews(**_future: object) -> int:
    """Build each review that is due and not there yet."""
    return reviews.build_due_reviews(now=timezone.now())
