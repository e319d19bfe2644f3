"""Leads on marketing's side of the handoff."""

from __future__ import annotations

from django.utils.translation import gettext as _

from alignment.kernel.errors import NotFound
from leads.models import Lead
from leads.querysets import LeadQuerySet
from leads.rules.stages import Stage


def ready_to_hand_over() -> LeadQuerySet:
    """Qualified leads that nobody has handed over yet, who waits longest first: it is marketing's turn."""
    ready = Lead.objects.in_stage(Stage.QUALIFIED)
    return ready.select_related("account", "campaign", "verdict").order_by("qualified_at", "pk")


def submitted_lead(lead_id: int) -> Lead:
    """A lead with its verdict, or ``NotFound``."""
    lead = Lead.objects.select_related("account", "campaign", "verdict__version").filter(pk=lead_id).first()
    if lead is None:
        raise NotFound(_("There is no such lead."))
    return lead
