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


MARKETING_STAGES = frozenset({Stage.CAPTURED, Stage.QUALIFIED, Stage.NURTURE})
"""Stages in which it is marketing's turn and a new judgement may move the lead."""


class LeadEventKind(TextChoices):
    CAPTURED = "captured", _("captured")
    UPDATED = "updated", _("updated")
    JUDGED = "judged", _("judged")
    QUALIFIED = "qualified", _("qualified")
    STAGE = "stage", _("stage changed")
    CONTACTED = "contacted", _("contacted")
