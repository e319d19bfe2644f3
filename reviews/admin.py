"""Look-up; what was frozen is read-only, and the database would refuse a change anyway."""

from __future__ import annotations

from django.contrib import admin

from alignment.kernel.admin import ReadOnly
from reviews.models import Action, AgendaItem, Review, ReviewSeries, Snapshot


@admin.register(ReviewSeries)
class ReviewSeriesAdmin(admin.ModelAdmin):
    """Who takes part, from which month on, and whether it goes on."""

    list_display = ["key", "name_en", "name_ja", "first_month", "is_active"]
    filter_horizontal = ["participants"]


@admin.register(Review)
class ReviewAdmin(ReadOnly):
    list_display = ["pk", "series", "starts_on", "status", "due_at", "built_at"]
    list_filter = ["series", "status"]


@admin.register(Action)
class ActionAdmin(ReadOnly):
    list_display = ["pk", "title", "owner", "due_on", "status", "review"]
    list_filter = ["status"]
    search_fields = ["title"]


@admin.register(AgendaItem)
class AgendaItemAdmin(ReadOnly):
    list_display = ["pk", "review", "kind", "position"]


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnly):
    list_display = ["pk", "review", "taken_at"]
