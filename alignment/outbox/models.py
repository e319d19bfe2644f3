"""The outbox: one row per message that must leave, written in the transaction that causes it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class NoticeState(models.TextChoices):
    PENDING = "pending", _("waiting")
    SENT = "sent", _("sent")
    DEAD = "dead", _("given up")


WORKER_DIED = "worker_died"
_REASONS = {WORKER_DIED: _("The worker died while sending this, five times.")}
"""Why a notice was given up, where that is not a server's own answer."""


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Named conditions on notices."""

    def late(self, *, now: datetime) -> NoticeQuerySet:
        """Waiting for too long: due and not taken, or tried in vain (its next attempt may be hours away)."""
        since = now - Notice.PATIENCE
        in_vain = ~Q(last_error="") & Q(created_at__lt=since)
        return self.filter(state=NoticeState.PENDING).filter(Q(next_at__lt=since) | in_vain)


class Notice(models.Model):
    """One e-mail to one address. Rendered when it is sent, in the language stored with it.

    ``message_id`` never changes over attempts, so a receiver recognises a message that came twice.
    """

    LEASE = timedelta(seconds=120)
    MAX_ATTEMPTS = 5
    PATIENCE = timedelta(minutes=3)

    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=200, blank=True)
    to_address = models.EmailField()
    language = models.CharField(max_length=8)
    time_zone = models.CharField(max_length=64)
    template = models.CharField(max_length=100)
    context = models.JSONField(default=dict)
    # What the mail says but the table must not: encrypted until it has left, then gone.
    sealed = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=NoticeState.choices, default=NoticeState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # How many of them ended with a fault that was not this mail's: no server, no way there, or it does not accept us.
    outages = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    body = models.TextField(blank=True)
    last_error = models.TextField(blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="notice_key_once"),
            models.CheckConstraint(
                condition=~Q(state=NoticeState.SENT) | Q(sent_at__isnull=False), name="notice_sent_has_time"
            ),
        ]
        indexes = [
            # The sweep reads only what waits; sent rows stay out of the index.
            models.Index(fields=["next_at"], condition=Q(state=NoticeState.PENDING), name="notice_pending_idx"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.template} -> {self.to_address}"

    @property
    def counted_attempts(self) -> int:
        """The attempts that count to the five after which it is given up."""
        return self.attempts - self.outages

    @property
    def reason(self) -> str:
        """Why it has not left, for people: the server's own words, or ours in their language."""
        return str(_REASONS.get(self.last_error, self.last_error))
