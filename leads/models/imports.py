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
