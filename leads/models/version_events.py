"""The history of a version, row by row."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alignment.kernel import history
from leads.models.definitions import DefinitionVersion


class VersionEvent(models.Model):
    """Append-only: every step of a version, written in its transaction. No actor: its moment had come."""

    class Kind(models.TextChoices):
        STARTED = "started", _("started")
        SAVED = "saved", _("changed")
        PROPOSED = "proposed", pgettext_lazy("version event", "proposed")
        SIGNED = "signed", _("signed")
        SENT_BACK = "sent_back", _("sent back")
        WITHDRAWN = "withdrawn", pgettext_lazy("version event", "withdrawn")
        IN_FORCE = "in_force", _("put in force")
        SUPERSEDED = "superseded", pgettext_lazy("version event", "superseded")

    version = models.ForeignKey(DefinitionVersion, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    old_status = models.CharField(max_length=10, blank=True)
    new_status = models.CharField(max_length=10)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    comment = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["version", "at"], name="version_event_idx")]
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"
