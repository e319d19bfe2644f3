"""One person or company that came twice: what is suspected, what was merged, and the further ids of a lead."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from alignment.kernel import history
from leads.models.companies import Account
from leads.models.leads import Lead


class Suspicion(models.Model):
    """Two records that may be one, with what speaks for it and against it.

    A pair that somebody called different stays so: it is kept, and never suspected again.
    """

    score = models.PositiveSmallIntegerField()
    evidence = models.JSONField()
    found_at = models.DateTimeField()
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"#{self.pk}"


class Merge(models.Model):
    """One record became part of another, and what has to go back where that is undone.

    ``before`` and ``after``: the columns of the survivor that the merge changed, as they were and as it left them.
    ``moved``: what followed.
    """

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
        abstract = True

    def __str__(self) -> str:
        return f"#{self.pk}"


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


class SuspectedDuplicate(Suspicion):
    """Two leads that may be one person (see ``leads.rules.matching``)."""

    first = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")

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


class SuspectedCompanies(Suspicion):
    """Two accounts that may be one company (see ``leads.rules.company_matching``)."""

    first = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="suspected_companies_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="suspected_companies_in_order"),
        ]
        indexes = [
            models.Index(
                fields=["-score", "-found_at"], condition=Q(dismissed_at=None), name="suspected_companies_open_idx"
            )
        ]


class LeadMerge(Merge):
    """One lead became part of another; its touches, deals and earlier merged leads followed."""

    survivor = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="lead_merged_once"),
            models.CheckConstraint(condition=~Q(survivor=F("merged")), name="lead_merged_into_another"),
        ]
        triggers = [
            *history.kept(),
            history.final("survivor", "merged", "before", "after", "moved", "actor", "at", name="merge_is_final"),
        ]


class AccountMerge(Merge):
    """One company became part of another; its leads, deals, subsidiaries and earlier merged companies followed.

    ``moved`` has also its own parent company, to which it goes back.
    """

    survivor = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="account_merged_once"),
            models.CheckConstraint(condition=~Q(survivor=F("merged")), name="account_merged_into_another"),
        ]
        triggers = [
            *history.kept(),
            history.final("survivor", "merged", "before", "after", "moved", "actor", "at", name="merge_is_final"),
        ]
