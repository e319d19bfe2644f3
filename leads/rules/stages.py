"""The stage of a lead: where in the loop the person stands. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Stage(TextChoices):
    CAPTURED = "captured", _("captured")
    QUALIFIED = "qualified", _("qualified (MQL)")
    OFFERED = "offered", _("offered to sales")
    WITH_SALES = "with_sales", _("with sales (SAL)")
    NURTURE = "nurture", _("in nurture")
    CUSTOMER = "customer", _("customer")
    CLOSED = "closed", _("closed")
    PAST = "past", _("from before")
    """Brought in as history, already qualified elsewhere: counts in every figure and is nobody's turn."""


JUDGED_STAGES = frozenset({Stage.CAPTURED, Stage.QUALIFIED})
"""Stages between which a judgement moves a lead; a lead in nurture waits for its date, one with sales stays there."""


class LeadEventKind(TextChoices):
    CAPTURED = "captured", _("captured")
    UPDATED = "updated", _("updated")
    JUDGED = "judged", _("judged")
    QUALIFIED = "qualified", _("qualified")
    STAGE = "stage", _("stage changed")
    CONTACTED = "contacted", _("contacted")
    MERGED = "merged", _("merged")
    UNMERGED = "unmerged", _("separated again")
    TAKEN_BACK = "taken_back", _("taken back")


CHANGES = frozenset({LeadEventKind.UPDATED, LeadEventKind.MERGED, LeadEventKind.UNMERGED})
"""Events that tell which facts were changed."""
