"""The joint contract: what both sides agree a qualified lead is."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alignment.accounts.roles import Side
from alignment.kernel import history
from leads.rules.versions import VersionStatus


class Definition(models.Model):
    """The lead definition of one stream of leads; its content lives in numbered versions."""

    key = models.SlugField(max_length=50, unique=True)
    name_en = models.CharField(_("name (English)"), max_length=100)
    name_ja = models.CharField(_("name (Japanese)"), max_length=100)

    def __str__(self) -> str:
        return self.name_en


@history.tracked("DefinitionVersionHistory")
class DefinitionVersion(models.Model):
    """One numbered version: takes effect only when a manager of each side has signed it, and is then never edited.

    ``judged_anew_at``: the last time that every lead in marketing's hands had been judged by this version.
    """

    Status = VersionStatus

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT)
    threshold = models.PositiveIntegerField(_("points needed"), default=0)
    reason = models.TextField(_("reason for the change"), blank=True)
    takes_effect_at = models.DateTimeField(
        _("in force from"), null=True, blank=True, help_text=_("Empty: as soon as both sides have signed.")
    )
    in_force_from = models.DateTimeField(null=True, blank=True)
    in_force_until = models.DateTimeField(null=True, blank=True)
    judged_anew_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    proposed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["definition", "number"], name="definition_version_number"),
            models.UniqueConstraint(
                fields=["definition"], condition=Q(status="in_force"), name="definition_one_version_in_force"
            ),
            models.UniqueConstraint(
                fields=["definition"],
                condition=Q(status__in=("draft", "proposed", "signed")),
                name="definition_one_open_version",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("in_force", "superseded")) | Q(in_force_from__isnull=False),
                name="definition_version_in_force_has_time",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="signed_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status NOT IN ('draft', 'proposed')"
                    " AND (OLD.definition_id, OLD.number, OLD.threshold, OLD.reason)"
                    " IS DISTINCT FROM (NEW.definition_id, NEW.number, NEW.threshold, NEW.reason)"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.definition_id} v{self.number}"


class Criterion(models.Model):
    """One line of a version: a condition with points, or a disqualifier."""

    class Kind(models.TextChoices):
        POINTS = "points", _("points")
        DISQUALIFIER = "disqualifier", _("disqualifier")

    version = models.ForeignKey(DefinitionVersion, on_delete=models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.POINTS)
    condition = models.JSONField()
    points = models.SmallIntegerField(_("points"), default=0)
    why = models.CharField(_("why"), max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"],
                name="criterion_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(kind="points") | Q(points=0), name="criterion_disqualifier_no_points"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="signed_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM leads_definitionversion
                        WHERE id IN (OLD.version_id, NEW.version_id) AND status NOT IN ('draft', 'proposed')
                    ) THEN
                        RAISE EXCEPTION 'pgtrigger: Cannot change criteria of a version that both sides have signed';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"


class Signature(models.Model):
    """A manager signed a version for their side; an edit afterwards voids it (``voided_at``), nothing deletes it."""

    version = models.ForeignKey(DefinitionVersion, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=10, choices=Side.choices)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="signatures")
    signed_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "side"], condition=Q(voided_at=None), name="signature_one_valid_per_side"
            ),
            models.UniqueConstraint(
                fields=["version", "signed_by"],
                condition=Q(voided_at=None),
                name="signature_one_side_per_person",
            ),
        ]
        triggers = [
            *history.kept(),
            history.final("version", "side", "signed_by", "signed_at", name="signed_once"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.side}"


class Verdict(models.Model):
    """Append-only: one lead judged by one version.

    ``answers`` holds per criterion ``{"criterion", "kind", "met", "points", "worth", "condition", "why", "seen"}``: the
    condition as it stood and the values seen by its tests, so that the verdict reads the same for ever.
    """

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="verdicts")
    version = models.ForeignKey(DefinitionVersion, on_delete=models.PROTECT, related_name="verdicts")
    judged_at = models.DateTimeField()
    is_qualified = models.BooleanField()
    is_disqualified = models.BooleanField()
    points = models.IntegerField()
    threshold = models.PositiveIntegerField()
    answers = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["lead", "judged_at"], name="verdict_lead_idx")]
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} {'qualified' if self.is_qualified else 'not qualified'}"
