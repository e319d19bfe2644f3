"""For look-up: what stands here changes only on its own pages, through the services that check it."""

from __future__ import annotations

from django.contrib import admin

from alignment.kernel.admin import ReadOnly
from handoff.models import Clock, Handoff, HandoffEvent, RejectionReason, RotationSlot, RoutingRule, SlaPolicy


@admin.register(Handoff)
class HandoffAdmin(ReadOnly):
    list_display = ("id", "lead", "attempt", "status", "team", "offered_to", "offered_at", "decided_at")
    list_filter = ("status", "team")
    list_select_related = ("lead", "team", "offered_to")
    ordering = ("-offered_at", "-pk")


@admin.register(HandoffEvent)
class HandoffEventAdmin(ReadOnly):
    list_display = ("id", "handoff", "action", "old_status", "new_status", "actor", "at")
    list_filter = ("action",)
    list_select_related = ("handoff", "actor")
    ordering = ("-at", "-pk")


@admin.register(Clock)
class ClockAdmin(ReadOnly):
    list_display = ("id", "handoff", "duty", "owner", "team", "started_at", "due_at", "met_at", "breached_at")
    list_filter = ("duty",)
    list_select_related = ("handoff", "owner", "team")
    ordering = ("-due_at", "-pk")


@admin.register(RotationSlot)
class RotationSlotAdmin(ReadOnly):
    list_display = ("rule", "user", "last_turn")
    list_select_related = ("rule", "user")
    ordering = ("rule", "last_turn", "pk")


@admin.register(RoutingRule)
class RoutingRuleAdmin(ReadOnly):
    list_display = ("position", "name", "team", "is_active")
    list_select_related = ("team",)
    ordering = ("position", "pk")


@admin.register(RejectionReason)
class RejectionReasonAdmin(ReadOnly):
    list_display = ("code", "label_ja", "label_en", "next_step", "recycle_days", "needs_comment", "is_active")
    ordering = ("position", "pk")


@admin.register(SlaPolicy)
class SlaPolicyAdmin(ReadOnly):
    list_display = ("duty", "side", "business_minutes")
    ordering = ("duty", "pk")
