"""Leads, what they did, and the events of their life."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from alignment.kernel import history
from leads.models.companies import Account
from leads.models.touch_kinds import TouchKind
from leads.querysets import LeadQuerySet
from leads.rules import normalise
from leads.rules.path import StepKey, rest_of
from leads.rules.stages import LeadEventKind, Stage


def _key(sql: str, column: str) -> Func:
    return Func(column, template=sql % "%(expressions)s", output_field=models.TextField())


_NAME_KEY = _key(normalise.NAME_KEY_SQL, "full_name")
_KANA_KEY = _key(normalise.KANA_KEY_SQL, "full_name_kana")


class StandingLeads(models.Manager.from_queryset(LeadQuerySet)):  # type: ignore[misc]
    """The leads that count."""

    def get_queryset(self) -> LeadQuerySet:
        found: LeadQuerySet = super().get_queryset()
        return found.standing()


@history.tracked("CampaignHistory")
class Campaign(models.Model):
    """Marketing work with a period and a channel; what it cost stands in ``CampaignCost``."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    channel = models.CharField(_("channel"), max_length=50, blank=True)
    promise = models.CharField(
        _("promise"), max_length=300, blank=True, help_text=_("What the lead was told to expect.")
    )
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="campaign_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@history.tracked("CampaignCostHistory", removals=True)
class CampaignCost(models.Model):
    """What a campaign cost in one month, in the organisation's currency; the total is the sum, and kept nowhere.

    ``month`` is the first day of it. Without one nobody knows when the money was spent: it counts in the total of the
    campaign and in no period.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="costs")
    month = models.DateField(_("month"), null=True, blank=True)
    amount = models.DecimalField(_("cost"), max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "month"], name="campaign_cost_once_a_month"),
            models.UniqueConstraint(fields=["campaign"], condition=Q(month=None), name="campaign_cost_undated_once"),
            models.CheckConstraint(condition=Q(month=None) | Q(month__day=1), name="campaign_cost_of_a_month"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="campaign_cost_positive"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.month or '-'} {self.amount}"


@history.tracked("LeadHistory")
class Lead(models.Model):
    """A person who showed interest.

    ``captured_at``: first known to us. ``qualified_at``: became an MQL (first time; never unset). ``stage`` is where
    the person stands now; history and figures come from ``LeadEvent`` and the dated columns, never from it alone.
    ``custom`` holds the values of the fields that admins made (see ``rules.custom``), and what an import brought and no
    field of ours holds.

    ``objects`` are the leads that stand: one that became part of another (``merged_into``), or that was taken back with
    the import that made it (``taken_back_by``), counts nowhere. ``everything`` has them too; no row is ever removed.
    """

    source_system = models.CharField(_("source system"), max_length=50, default="portal")
    external_id = models.CharField(_("external id"), max_length=200, null=True, blank=True)  # noqa: DJ001 - unique where known
    full_name = models.CharField(_("name"), max_length=200, blank=True)
    full_name_kana = models.CharField(_("name in kana"), max_length=200, blank=True)
    email = models.CharField(_("e-mail address"), max_length=254, blank=True)
    email_domain = models.CharField(max_length=254, blank=True, editable=False)
    is_free_mail = models.BooleanField(null=True, editable=False)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    job_title = models.CharField(_("job title"), max_length=100, blank=True)
    department = models.CharField(_("department"), max_length=100, blank=True)
    company_name = models.CharField(_("company"), max_length=200, blank=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    source = models.CharField(_("source"), max_length=100, blank=True)
    landing_page = models.CharField(_("landing page"), max_length=300, blank=True)
    campaign = models.ForeignKey(
        Campaign,
        verbose_name=_("campaign"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
    )
    note = models.TextField(_("note for sales"), blank=True)
    custom = models.JSONField(default=dict, blank=True)
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, default=Stage.CAPTURED)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="leads_owned"
    )
    verdict = models.ForeignKey("leads.Verdict", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    captured_at = models.DateTimeField(_("captured"))
    qualified_at = models.DateTimeField(_("qualified"), null=True, blank=True)
    first_contacted_at = models.DateTimeField(null=True, blank=True)
    recycle_on = models.DateField(_("back to marketing on"), null=True, blank=True)
    next_step_on = models.DateField(_("next step"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    taken_back_by = models.ForeignKey(
        "leads.ImportJob", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="leads_created")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = StandingLeads()
    everything = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_system", "external_id"], name="lead_external_id_once"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="lead_stage_known"),
            models.CheckConstraint(
                condition=Q(stage__in=(Stage.CAPTURED, Stage.NURTURE, Stage.CLOSED, Stage.CUSTOMER, Stage.WITH_SALES))
                | Q(qualified_at__isnull=False),
                name="lead_offered_was_qualified",
            ),
        ]
        indexes = [
            models.Index(fields=["captured_at"], name="lead_captured_idx"),  # cohorts and the default order of lists
            models.Index(fields=["qualified_at"], condition=Q(qualified_at__isnull=False), name="lead_qualified_idx"),
            models.Index(fields=["stage", "captured_at"], name="lead_stage_idx"),  # the boards of both sides
            models.Index(fields=["email"], condition=~Q(email=""), name="lead_email_idx"),
            models.Index(fields=["email_domain", "account"], condition=Q(is_free_mail=False), name="lead_domain_idx"),
            models.Index(F("phone"), _NAME_KEY, condition=~Q(phone=""), name="lead_phone_name_idx"),
            models.Index(F("account"), _NAME_KEY, condition=~Q(full_name=""), name="lead_name_idx"),
            models.Index(F("account"), _KANA_KEY, condition=~Q(full_name_kana=""), name="lead_kana_idx"),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="lead_merged_into_idx"),
            models.Index(fields=["recycle_on"], condition=Q(recycle_on__isnull=False), name="lead_recycle_idx"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.display_name}"

    @property
    def stands(self) -> bool:
        """Whether it counts: what ``LeadQuerySet.standing`` says, of one lead."""
        return self.merged_into_id is None and self.taken_back_by_id is None

    @property
    def display_name(self) -> str:
        """The best name we have: the person's, else the company's, the address, the foreign id."""
        return self.full_name or self.company_name or self.email or self.external_id or f"#{self.pk}"

    @property
    def rest(self) -> StepKey | None:
        """Where it rests, so that it is nobody's turn: in nurture until its date, or ruled out by its last verdict."""
        return rest_of(Stage(self.stage), is_disqualified=self.verdict is not None and self.verdict.is_disqualified)


class Touch(models.Model):
    """Something the lead did with marketing's work. ``external_id`` is that of the program that told it, if any."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="touches")
    kind = models.ForeignKey(
        TouchKind,
        verbose_name=_("kind"),
        on_delete=models.PROTECT,
        related_name="touches",
        db_column="kind",
        db_index=False,  # it is asked for with the lead
    )
    at = models.DateTimeField(_("when"))
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="touches")
    detail = models.CharField(_("what exactly"), max_length=300, blank=True)
    external_id = models.CharField(max_length=200, null=True, blank=True, editable=False)  # noqa: DJ001 - unique where known

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["external_id", "lead"], condition=Q(external_id__isnull=False), name="touch_external_id_once"
            ),
        ]
        indexes = [models.Index(fields=["lead", "kind", "at"], name="touch_lead_kind_idx")]  # counts in a window

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind_id}"


class LeadEvent(models.Model):
    """Append-only: what happened to a lead, when, and through whom. Written in the transaction of the change."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=LeadEventKind.choices)
    old_stage = models.CharField(max_length=12, blank=True)
    new_stage = models.CharField(max_length=12, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["lead", "at"], name="lead_event_idx")]
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"
