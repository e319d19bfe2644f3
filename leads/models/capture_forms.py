"""Forms on the web by which people become leads, what they agreed to, and everything that was sent."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alignment.kernel import history
from leads.models.leads import Campaign, Lead, Touch
from leads.models.touch_kinds import TouchKind
from leads.rules.capture_forms import LANGUAGES, Asked, FormOutcome, FormState, state_of


@history.tracked("CaptureFormHistory", exclude=["bots_caught"])
class CaptureForm(models.Model):
    """A form for visitors. It speaks the languages in which it has a title.

    ``key`` stands in its public address. ``fields``: what it asks, in order, as ``{"name": ..., "required": ...}`` with
    the names of ``QUESTIONS`` or of fields of admins (``custom.budget``), which vanish from it while they are retired.
    ``version`` counts the changes, so that a submission says which form was filled in. ``published_by`` is in whose
    name it takes leads in.
    """

    key = models.CharField(max_length=20, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    campaign = models.ForeignKey(
        Campaign,
        verbose_name=_("campaign"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="capture_forms",
    )
    shows_promise = models.BooleanField(default=False)
    source = models.CharField(_("source"), max_length=100)
    touch_kind = models.ForeignKey(
        TouchKind,
        verbose_name=_("kind"),
        on_delete=models.PROTECT,
        db_column="touch_kind",
        related_name="capture_forms",
    )
    fields = models.JSONField()
    title_ja = models.CharField(max_length=200, blank=True)
    title_en = models.CharField(max_length=200, blank=True)
    intro_ja = models.TextField(blank=True)
    intro_en = models.TextField(blank=True)
    thanks_ja = models.TextField(blank=True)
    thanks_en = models.TextField(blank=True)
    redirect_url = models.CharField(max_length=300, blank=True)
    origins = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    opens_on = models.DateField(_("from"), null=True, blank=True)
    closes_on = models.DateField(_("until"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    bots_caught = models.PositiveIntegerField(default=0)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="forms_published"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="forms_created")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_on=None) | Q(closes_on=None) | Q(closes_on__gte=F("opens_on")),
                name="capture_form_closes_after_opening",
            ),
            models.CheckConstraint(condition=~Q(title_ja="", title_en=""), name="capture_form_has_title"),
            models.CheckConstraint(
                condition=Q(published_at=None, published_by=None)
                | Q(published_at__isnull=False, published_by__isnull=False),
                name="capture_form_published_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it speaks, of ours."""
        return tuple(language for language in LANGUAGES if getattr(self, f"title_{language}"))

    @property
    def asked(self) -> list[Asked]:
        """What it asks, in order."""
        return [Asked(one["name"], one["required"]) for one in self.fields]

    def state(self, today: date) -> FormState:
        """Whether it takes anything on this day."""
        return state_of(
            published_at=self.published_at,
            closed_at=self.closed_at,
            opens_on=self.opens_on,
            closes_on=self.closes_on,
            today=today,
        )


class ConsentText(models.Model):
    """Append-only: one wording of what visitors of a form agree to. A changed text is a new version."""

    form = models.ForeignKey(CaptureForm, on_delete=models.CASCADE, related_name="consent_texts")
    number = models.PositiveIntegerField()
    text_ja = models.TextField(blank=True)
    text_en = models.TextField(blank=True)
    policy_url = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "number"], name="consent_text_number")]
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} v{self.number}"

    def text(self, language: str) -> str:
        """What was shown in this language."""
        return str(getattr(self, f"text_{language}"))


class FormSubmission(models.Model):
    """One filled-in form: what was sent, what was agreed to and when, where the visitor came from, what it led to.

    ``once`` is the same for the same page sent with the same answers: a double click and a reload are one submission.
    ``landing_page``: the page with the form (the one it is embedded in); ``referrer``: the one before it.
    """

    form = models.ForeignKey(CaptureForm, on_delete=models.PROTECT, related_name="submissions")
    form_version = models.PositiveIntegerField()
    once = models.CharField(max_length=64)
    at = models.DateTimeField()
    language = models.CharField(max_length=8)
    answers = models.JSONField()
    email = models.CharField(max_length=254)
    consent_text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="submissions")
    utm_source = models.CharField(max_length=200, blank=True)
    utm_medium = models.CharField(max_length=200, blank=True)
    utm_campaign = models.CharField(max_length=200, blank=True)
    utm_term = models.CharField(max_length=200, blank=True)
    utm_content = models.CharField(max_length=200, blank=True)
    referrer = models.CharField(max_length=300, blank=True)
    landing_page = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=12, choices=FormOutcome.choices)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="form_submissions")
    touch = models.OneToOneField(Touch, on_delete=models.CASCADE, related_name="form_submission")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "once"], name="form_submission_once")]
        indexes = [
            models.Index(fields=["form", "-at"], name="form_submission_form_idx"),
            models.Index(fields=["form", "email"], name="form_submission_email_idx"),
        ]
        triggers = [
            history.final("form", "form_version", "at", "language", "consent_text", name="consent_stays"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.email}"
