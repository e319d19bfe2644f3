"""For look-up and repair. What is append-only, or changes only through a service, is read-only here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from alignment.kernel.admin import ReadOnly
from leads.models import (
    Account,
    Activity,
    Campaign,
    CampaignCost,
    CaptureForm,
    ConsentText,
    Criterion,
    Deal,
    DealEvent,
    Definition,
    DefinitionVersion,
    FormSubmission,
    ImportedRow,
    ImportJob,
    Lead,
    LeadEvent,
    Signature,
    Touch,
    TouchKind,
    Verdict,
    VersionEvent,
)


@admin.register(Lead)
class LeadAdmin(ReadOnly):
    list_display = ["id", "display_name", "company_name", "stage", "captured_at", "qualified_at"]
    list_filter = ["stage", "source_system"]
    search_fields = ["full_name", "company_name", "email", "external_id"]
    ordering = ["-captured_at", "-pk"]


@admin.register(Deal)
class DealAdmin(ReadOnly):
    list_display = ["id", "name", "amount", "opened_at", "won_at", "lost_at"]
    search_fields = ["name", "external_id"]
    ordering = ["-pk"]


@admin.register(Account)
class AccountAdmin(ReadOnly):
    list_display = ["id", "name", "industry", "employee_count", "is_key_account"]
    search_fields = ["name", "name_key"]
    ordering = ["name", "pk"]


@admin.register(Campaign)
class CampaignAdmin(ReadOnly):
    list_display = ["id", "name", "channel", "starts_on", "ends_on"]
    search_fields = ["name"]
    ordering = ["-pk"]


@admin.register(TouchKind)
class TouchKindAdmin(ReadOnly):
    list_display = ["key", "label_en", "label_ja", "position", "is_active"]
    ordering = ["position", "key"]


@admin.register(Definition)
class DefinitionAdmin(admin.ModelAdmin):
    """Only its names may be mended here."""

    list_display = ["id", "key", "name_en", "name_ja"]
    readonly_fields = ["key"]
    ordering = ["pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DefinitionVersion)
class DefinitionVersionAdmin(ReadOnly):
    list_display = ["id", "definition", "number", "status", "threshold", "in_force_from", "in_force_until"]
    list_filter = ["status"]
    ordering = ["-number", "-pk"]


@admin.register(
    CampaignCost,
    CaptureForm,
    ConsentText,
    FormSubmission,
    Criterion,
    Signature,
    Touch,
    Verdict,
    VersionEvent,
    LeadEvent,
    Activity,
    DealEvent,
    ImportJob,
    ImportedRow,
)
class RecordAdmin(ReadOnly):
    """Rows of history."""

    list_display = ["id", "__str__"]
    ordering = ["-pk"]
