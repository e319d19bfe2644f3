"""Who is asked: rules in order, and whose turn it is in each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import Team
from alignment.kernel import history


def every_lead() -> dict[str, list[object]]:
    """The condition that holds for every lead."""
    return {"all": []}


@history.tracked("RoutingRuleHistory")
class RoutingRule(models.Model):
    """When the condition holds, the offer goes round the available members of the team; the first that fits wins."""

    position = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(_("name"), max_length=100)
    condition = models.JSONField(_("condition"), default=every_lead)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="routing_rules", verbose_name=_("team"))
    is_active = models.BooleanField(_("in use"), default=True)

    def __str__(self) -> str:
        return f"#{self.position} {self.name}"


class RotationSlot(models.Model):
    """When a member last had their turn under a rule; the lowest is next. Changed only with the rule's row locked."""

    rule = models.ForeignKey(RoutingRule, on_delete=models.CASCADE, related_name="slots")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    last_turn = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "user"], name="rotation_slot_once")]

    def __str__(self) -> str:
        return f"{self.rule_id}/{self.user_id}: {self.last_turn}"
