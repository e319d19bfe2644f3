"""Who took which list as a file."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from alignment.kernel import history


class Export(models.Model):
    """Append-only: one list that somebody took as a file; written before the first byte of it leaves.

    ``listing`` is the URL name of the list, ``asked`` its filters as they stood in the address. Answers, years later,
    who has what on file; what was in it follows from the records' own history.
    """

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports")
    at = models.DateTimeField()
    listing = models.CharField(max_length=50)
    kind = models.CharField(max_length=20)
    asked = models.JSONField(default=dict, blank=True)
    row_count = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="export_at_idx"),
            models.Index(fields=["actor", "at"], name="export_actor_idx"),
        ]
        triggers = history.append_only()

    def __str__(self) -> str:
        return f"#{self.pk} {self.listing}"
