"""Opportunities and what became of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alignment.kernel import history
from leads.models.companies import Account
from leads.models.leads import Lead


class StandingDeals(models.Manager["Deal"]):
    """The deals that count."""

    def get_queryset(self) -> models.QuerySet[Deal]:
        return super().get_queryset().filter(taken_back_by=None)


@history.tracked("DealHistory")
class Deal(models.Model):
    """An opportunity with an amount in the organisation's currency; may stand without a lead (sales found it).

    Open, won and lost follow from ``won_at`` and ``lost_at``; ``stage`` is the word that the sales tool used.

    ``objects`` are those that count; ``everything`` has also those that were taken back with the import that made them
    (``taken_back_by``). No row is ever removed.
    """

    class LossReason(models.TextChoices):
        PRICE = "price", _("price")
        COMPETITOR = "competitor", _("competitor")
        NO_BUDGET = "no_budget", _("no budget")
        TIMING = "timing", _("timing")
        NO_NEED = "no_need", _("no need")
        NO_REPLY = "no_reply", _("no reply any more")
        OTHER = "other", _("other")

    class WinReason(models.TextChoices):
        PRODUCT = "product", _("product fits")
        PRICE = "price", _("price")
        TRUST = "trust", _("trust and references")
        SPEED = "speed", _("quick answer")
        OTHER = "other", _("other")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="deals")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="deals")
    source_system = models.CharField(max_length=50, default="portal")
    external_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 - unique where known
    name = models.CharField(_("name"), max_length=200, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="deals"
    )
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2, null=True, blank=True)
    product = models.CharField(_("product"), max_length=100, blank=True)
    stage = models.CharField(_("stage"), max_length=50, blank=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    expected_on = models.DateField(_("expected on"), null=True, blank=True)
    won_at = models.DateTimeField(_("won"), null=True, blank=True)
    lost_at = models.DateTimeField(_("lost"), null=True, blank=True)
    win_reason = models.CharField(_("why won"), max_length=12, choices=WinReason.choices, blank=True)
    loss_reason = models.CharField(_("why lost"), max_length=12, choices=LossReason.choices, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    custom = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deals_created")
    created_at = models.DateTimeField()
    taken_back_by = models.ForeignKey(
        "leads.ImportJob", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = StandingDeals()
    everything = models.Manager["Deal"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_system", "external_id"], name="deal_external_id_once"),
            models.CheckConstraint(condition=Q(won_at=None) | Q(lost_at=None), name="deal_won_or_lost"),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="deal_amount_not_negative"),
        ]
        indexes = [
            models.Index(fields=["won_at"], condition=Q(won_at__isnull=False), name="deal_won_idx"),
            models.Index(fields=["lost_at"], condition=Q(lost_at__isnull=False), name="deal_lost_idx"),
            models.Index(fields=["opened_at"], name="deal_opened_idx"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"

    @property
    def is_open(self) -> bool:
        return self.won_at is None and self.lost_at is None


class DealEvent(models.Model):
    """Append-only: opened, changed, won, lost, taken back."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("opened")
        CHANGED = "changed", _("changed")
        WON = "won", _("won")
        LOST = "lost", _("lost")
        TAKEN_BACK = "taken_back", _("taken back")

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["deal", "at"], name="deal_event_idx")]
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"
