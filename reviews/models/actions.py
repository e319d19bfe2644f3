"""What the review decided to do."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alignment.kernel import history
from reviews.models.reviews import Review


@history.tracked("ActionHistory")
class Action(models.Model):
    """An improvement with one owner and a due date; until it ends, every later review of the series shows it again."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        DROPPED = "dropped", _("dropped")

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="actions")
    title = models.CharField(_("what"), max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="actions", verbose_name=_("owner")
    )
    due_on = models.DateField(_("due"))
    target_kpi = models.CharField(_("figure it should move"), max_length=40, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(_("done or dropped"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", ended_at=None) | Q(status__in=("done", "dropped"), ended_at__isnull=False),
                name="action_ended_has_time",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="action_says_what"),
        ]
        indexes = [models.Index(fields=["due_on"], condition=Q(status="open"), name="action_open_idx")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"
