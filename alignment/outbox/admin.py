"""For looking things up; a notice is written by services and retried on the operations page."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from alignment.kernel.admin import ReadOnly
from alignment.outbox.models import Notice


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    """Secrets of a mail are not shown."""

    list_display = ("id", "state", "template", "to_address", "attempts", "next_at", "sent_at")
    list_filter = ("state", "template")
    search_fields = ("to_address", "subject")
    exclude: ClassVar = ("sealed",)
    ordering = ("-id",)
