"""What was brought in, from which file, by whom, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ImportRun(models.Model):
    """One run of an import; written with the records it made, in the same transaction."""

    kind = models.CharField(max_length=20)
    file_name = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    source_system = models.CharField(max_length=50)
    mapping = models.JSONField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports")
    at = models.DateTimeField()
    counts = models.JSONField()

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.file_name}"


class ImportedRow(models.Model):
    """What the files of a system have said of a record so far, and what was written for it.

    A later file writes only what it says otherwise; where the record no longer holds what was written, somebody
    changed it here since.
    """

    kind = models.CharField(max_length=20)
    source_system = models.CharField(max_length=50)
    external_id = models.CharField(max_length=200)
    facts = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "source_system", "external_id"], name="imported_row_once"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.source_system} {self.external_id}"
