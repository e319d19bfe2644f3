"""What sales did."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alignment.kernel import history
from leads.models.leads import Lead
from leads.rules.activities import ActivityKind, Outcome


class StandingActivities(models.Manager["Activity"]):
    """The activities that count."""

    def get_queryset(self) -> models.QuerySet[Activity]:
        return super().get_queryset().filter(reversal=None)


class Activity(models.Model):
    """Append-only: one thing a person of sales did for a lead, always with its outcome.

    ``is_attempt``: tried to reach the person. ``is_contact``: reached a human. Both follow from kind and outcome.

    ``objects`` are those that count; ``everything`` has also those that a ``reversal`` says no longer do.
    """

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="activities")
    kind = models.CharField(_("what was done"), max_length=10, choices=ActivityKind.choices)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    is_attempt = models.BooleanField()
    is_contact = models.BooleanField()
    at = models.DateTimeField(_("when"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="activities")
    note = models.TextField(_("note"), blank=True)
    recorded_at = models.DateTimeField()

    objects = StandingActivities()
    everything = models.Manager["Activity"]()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ActivityKind.values), name="activity_kind_known"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="activity_outcome_known"),
            models.CheckConstraint(condition=Q(is_contact=False) | Q(is_attempt=True), name="activity_contact_attempt"),
        ]
        indexes = [models.Index(fields=["lead", "at"], name="activity_lead_idx")]
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.outcome}"


class ActivityReversal(models.Model):
    """Append-only: an activity counts nowhere any more, as the import that brought it was taken back."""

    activity = models.OneToOneField(Activity, on_delete=models.PROTECT, related_name="reversal")
    job = models.ForeignKey("leads.ImportJob", on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.activity_id}"
