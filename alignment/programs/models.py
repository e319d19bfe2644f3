"""What was answered to programs, and how much they have asked for."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class KeptAnswer(models.Model):
    """What somebody's POST with an ``Idempotency-Key`` was answered, written in the transaction of what it did.

    ``status`` is empty only within that transaction. ``body_hash`` stands for what was sent.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kept_answers")
    route = models.CharField(max_length=300)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "route", "key"], name="kept_answer_once")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.route}"


class Allowance(models.Model):
    """How far one token or person has spent its requests: until when, at the rate that it may ask.

    The table is not logged: counting costs no wait for the disk, and a crash of the database forgets a minute.
    """

    subject = models.CharField(max_length=150, primary_key=True)
    spent_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject
