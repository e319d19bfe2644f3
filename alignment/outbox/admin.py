"""For looking things up; a notice is written by services and retried on the operations page."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest

from alignment.outbox.models import Notice


@admin.register(Notice)
class NoticeAdmin(admin.ModelAdmin):
    """Read-only; secrets of a mail are not shown."""

    list_display = ("id", "state", "template", "to_address", "attempts", "next_at", "sent_at")
    list_filter = ("state", "template")
    search_fields = ("to_address", "subject")
    exclude: ClassVar = ("sealed",)
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        return False
