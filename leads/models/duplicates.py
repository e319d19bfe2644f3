"""One person who came twice: what is suspected, what was merged, and under which other ids a lead is known."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from alignment.kernel import history
from leads.models.leads import Lead


class ExternalId(models.Model):
    """A further id of a lead: another tool (or another file) brought the same person under it."""

    source_system = models.CharField(max_length=50)
    external_id = models.CharField(max_length=200)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="external_ids")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source_system", "external_id"], name="external_id_once")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.source_system} {self.external_id}"


class SuspectedDuplicate(models.Model):
    """Two leads that may be one person, with what speaks for it and against it (see ``leads.rules.matching``).

    A pair that somebody called different people stays so: it is kept, and never suspected again.
    """

    first = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField()
    evidence = models.JSONField()
    found_at = models.DateTimeField()
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="suspected_duplicate_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="suspected_duplicate_in_order"),
        ]
        indexes = [
            models.Index(
                fields=["-score", "-found_at"], condition=Q(dismissed_at=None), name="suspected_duplicate_open_idx"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.first_id} {self.second_id}"


class LeadMerge(models.Model):
    """One lead became part of another, and what has to go back where that is undone.

    ``before`` and ``after``: the columns of the survivor that the merge changed, as they were and as it left them.
    ``moved``: the ids of the touches, deals and earlier merged leads that followed.
    """

    survivor = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    before = models.JSONField()
    after = models.JSONField()
    moved = models.JSONField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="lead_merged_once"),
            models.CheckConstraint(condition=~Q(survivor=F("merged")), name="lead_merged_into_another"),
        ]
        triggers = [
            *history.kept(),
            history.final("survivor", "merged", "before", "after", "moved", "actor", "at", name="merge_is_final"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.merged_id} → {self.survivor_id}"
