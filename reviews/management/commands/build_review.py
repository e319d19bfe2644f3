"""``manage.py build_review --month 2018-03 [--series monthly] [--json]``: build that month's review, or find it."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from alignment.kernel.errors import DomainError
from alignment.kernel.periods import Period
from reviews.models import Review, ReviewSeries
from reviews.services.reviews import build_review


class Command(BaseCommand):
    help = "Build the review of a past month, or find the one that is there: its figures never change."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--month", required=True, help="the month, as 2018-03")
        parser.add_argument("--series", default="monthly", help="which series of reviews (default: monthly)")
        parser.add_argument("--json", action="store_true", help="print the review with its frozen figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        series = ReviewSeries.objects.filter(key=options["series"]).first()
        if series is None:
            known = ", ".join(ReviewSeries.objects.order_by("key").values_list("key", flat=True))
            raise CommandError(f"There is no series “{options['series']}”. There is: {known or 'none'}.")
        before = timezone.now()
        try:
            review = build_review(series=series, month=Period.month(options["month"]).start, now=before)
        except DomainError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(review), ensure_ascii=False, indent=1))
        else:
            done = "Built" if review.built_at == before else "It is there already:"
            self.stdout.write(f"{done} {review.series.name_en} {options['month']}: {_url(review)}")


def as_json(review: Review) -> dict[str, Any]:
    """The review with everything that was frozen with it."""
    return {
        "id": review.pk,
        "series": review.series.key,
        "month": f"{review.starts_on:%Y-%m}",
        "status": review.status,
        "due_at": review.due_at.isoformat(),
        "built_at": review.built_at.isoformat(),
        "url": _url(review),
        "figures": review.snapshot.figures,
        "agenda": list(review.agenda.order_by("position").values("kind", "data")),
    }


def _url(review: Review) -> str:
    return f"{settings.SITE_URL}{reverse('reviews:detail', args=[review.pk])}"
