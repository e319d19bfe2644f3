"""The joint meeting on one period: frozen figures and what to talk about."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alignment.kernel import formats, history


class ReviewSeries(models.Model):
    """A review that comes back every month, for the people who take part in it."""

    key = models.SlugField(max_length=50, unique=True)
    name_en = models.CharField(_("name (English)"), max_length=100)
    name_ja = models.CharField(_("name (Japanese)"), max_length=100)
    first_month = models.DateField(_("first month reviewed"))
    participants = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="review_series", blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "review series"

    def __str__(self) -> str:
        return self.name_en

    @property
    def name(self) -> str:
        """The name in the active language."""
        return self.name_ja if (translation.get_language() or "").startswith("ja") else self.name_en


class Review(models.Model):
    """One review of one series; exactly one per period, however often and from wherever it is built.

    ``minutes_version`` counts the edits of the minutes, so that nobody overwrites what they have not seen. The database
    refuses to move it to another month, where it would make room to be built again, and once closed every change.
    """

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("review", "open")
        CLOSED = "closed", _("closed")

    series = models.ForeignKey(ReviewSeries, on_delete=models.PROTECT, related_name="reviews")
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="exclusive")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    due_at = models.DateTimeField()
    built_at = models.DateTimeField()
    minutes = models.TextField(_("minutes"), blank=True)
    minutes_version = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="reviews_closed"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "starts_on"], name="review_once_per_period"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="review_ends_after_start"),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None) | Q(status="closed", closed_at__isnull=False),
                name="review_closed_has_time",
            ),
        ]
        triggers = [
            history.final("series", "starts_on", "ends_on", name="month_is_final"),
            pgtrigger.Protect(
                name="closed_is_final", operation=pgtrigger.Update, condition=pgtrigger.Q(old__status="closed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series_id} {self.starts_on:%Y-%m}"

    @property
    def month_text(self) -> str:
        """Its month as people read it."""
        return formats.period(self.starts_on, self.ends_on)


class Snapshot(models.Model):
    """Append-only: figures, formulas and versions as they were when the review was built. Nothing recomputes it."""

    review = models.OneToOneField(Review, on_delete=models.CASCADE, related_name="snapshot")
    figures = models.JSONField()
    taken_at = models.DateTimeField()

    class Meta:
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} of review {self.review_id}"


class AgendaItem(models.Model):
    """Append-only: something that the month itself puts on the table; ``data`` is plain JSON."""

    class Kind(models.TextChoices):
        BREACH = "breach", _("missed deadlines")
        REPEATED_REASON = "repeated_reason", _("repeated rejection reason")

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="agenda")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    position = models.PositiveSmallIntegerField()
    data = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "position"], name="agenda_item_position")]
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"
