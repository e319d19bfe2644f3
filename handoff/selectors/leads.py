"""Leads on marketing's side of the handoff."""

from __future__ import annotations

from leads.models import Lead
from leads.querysets import LeadQuerySet
from leads.rules.stages import Stage


def ready_to_hand_over() -> LeadQuerySet:
    """Qualified leads that nobody has handed over yet, who waits longest first: it is marketing's turn."""
    ready = Lead.objects.in_stage(Stage.QUALIFIED)
    return ready.select_related("account", "campaign", "verdict").order_by("qualified_at", "pk")
