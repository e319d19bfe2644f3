"""Promises with a deadline in business time."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import Team
from alignment.accounts.roles import Side
from alignment.kernel import history
from handoff.models.handoffs import Handoff
from handoff.querysets import ClockQuerySet
from handoff.rules.clocks import ClockState, Duty


@history.tracked("SlaPolicyHistory")
class SlaPolicy(models.Model):
    """How long a side has for a duty, in minutes of the owing side's business time."""

    duty = models.CharField(_("duty"), max_length=20, choices=Duty.choices, unique=True)
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    business_minutes = models.PositiveIntegerField(_("business minutes"))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(business_minutes__gt=0), name="sla_policy_some_time")]

    def __str__(self) -> str:
        return f"{self.duty}: {self.business_minutes}"

    @property
    def time(self) -> timedelta:
        """How much working time there is."""
        return timedelta(minutes=self.business_minutes)


class Clock(models.Model):
    """One duty of one side on one handoff.

    ``owner`` empty: the team owes it; an unowned offer has a clock like any other. ``breached_at`` is the true moment
    of the breach (the deadline), whenever the scan found it; ``met_at`` may come after it.
    """

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="clocks")
    duty = models.CharField(max_length=20, choices=Duty.choices)
    side = models.CharField(max_length=10, choices=Side.choices)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="clocks")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="clocks"
    )
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    business_seconds = models.PositiveIntegerField(null=True, blank=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handoff", "duty"], name="clock_once_per_duty"),
            models.CheckConstraint(condition=Q(due_at__gte=F("started_at")), name="clock_due_after_start"),
        ]
        indexes = [
            # The scan of every minute reads only clocks that still run and have not been found late.
            models.Index(
                fields=["due_at"],
                condition=Q(met_at=None, breached_at=None, stopped_at=None),
                name="clock_running_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.duty}"

    @property
    def state(self) -> ClockState:
        """What became of the promise; a duty done after its deadline stays missed."""
        if self.breached_at is not None:
            return ClockState.BREACHED
        if self.met_at is not None:
            return ClockState.MET
        return ClockState.RUNNING if self.stopped_at is None else ClockState.STOPPED
