"""One passing of one lead from marketing to sales, with its own history."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import Team
from alignment.kernel import history
from handoff.querysets import HandoffQuerySet
from handoff.rules.next_steps import NextStep, closing
from handoff.rules.workflow import Action, Status
from leads.models import DefinitionVersion, Lead, Verdict


@history.tracked("RejectionReasonHistory")
class RejectionReason(models.Model):
    """One of the few reasons that both sides agreed on; it says what follows and whether a comment is needed."""

    code = models.SlugField(max_length=40, unique=True)
    label_en = models.CharField(_("label (English)"), max_length=100)
    label_ja = models.CharField(_("label (Japanese)"), max_length=100)
    position = models.PositiveSmallIntegerField(default=0)
    next_step = models.CharField(_("what follows"), max_length=10, choices=NextStep.choices, default=NextStep.RECYCLE)
    recycle_days = models.PositiveSmallIntegerField(_("days until it comes back"), default=90)
    needs_comment = models.BooleanField(_("comment required"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)

    def __str__(self) -> str:
        return self.code

    @property
    def label(self) -> str:
        """The label in the active language."""
        return self.label_ja if (translation.get_language() or "").startswith("ja") else self.label_en

    @property
    def closing(self) -> str:
        """What closing means where this is the reason, in the active language."""
        return closing(self.code)


@history.tracked("HandoffHistory")
class Handoff(models.Model):
    """The current state of one handoff; ``HandoffEvent`` is its history.

    What it was stamped with (``version``, ``verdict``, ``stamp``, ``routing``) never changes: later edits of the
    definition, the lead or the rules leave it alone. ``offered_to`` empty: nobody was available, the team's queue holds
    it and its clock runs all the same; ``team`` empty too: no rule fits, and all of sales is asked.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handoffs")
    attempt = models.PositiveSmallIntegerField()
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OFFERED)
    version = models.ForeignKey(DefinitionVersion, on_delete=models.PROTECT, null=True, related_name="handoffs")
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, null=True, related_name="handoffs")
    stamp = models.JSONField()
    routing = models.JSONField()
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="handoffs")
    offered_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="offers"
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="handoffs_submitted"
    )
    offered_at = models.DateTimeField(_("offered"))
    decide_by = models.DateTimeField(_("decide by"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="handoffs_decided",
    )
    reason = models.ForeignKey(
        RejectionReason, on_delete=models.PROTECT, null=True, blank=True, related_name="handoffs"
    )
    comment = models.TextField(_("comment"), blank=True)
    next_step = models.CharField(max_length=10, choices=NextStep.choices, blank=True)
    recycle_on = models.DateField(_("back to marketing on"), null=True, blank=True)
    business_seconds_to_decide = models.PositiveIntegerField(null=True, blank=True)

    objects = HandoffQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(status="offered"), name="handoff_one_open_per_lead"),
            models.UniqueConstraint(fields=["lead", "attempt"], name="handoff_attempt_number"),
            models.CheckConstraint(
                condition=~Q(status="rejected") | Q(reason__isnull=False), name="handoff_rejection_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("accepted", "rejected"))
                | (Q(decided_at__isnull=False) & Q(decided_by__isnull=False)),
                name="handoff_decision_has_person",
            ),
        ]
        indexes = [
            models.Index(fields=["offered_to", "decide_by"], condition=Q(status="offered"), name="handoff_inbox_idx"),
            models.Index(fields=["offered_at"], name="handoff_offered_idx"),
            models.Index(fields=["decided_at"], name="handoff_decided_idx"),
        ]
        triggers = [
            history.final(
                *("lead", "attempt", "version", "verdict", "stamp", "routing", "submitted_by", "offered_at"),
                name="stamp_is_final",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"


class HandoffEvent(models.Model):
    """Append-only: every change of a handoff, written in its transaction."""

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="events")
    action = models.CharField(max_length=10, choices=Action.choices)
    old_status = models.CharField(max_length=10, blank=True)
    new_status = models.CharField(max_length=10)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["handoff", "at"], name="handoff_event_idx")]
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} {self.action}"
