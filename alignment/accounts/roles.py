"""Roles and sides: the words only. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    MARKETER = "marketer", _("Marketer")
    SALES_REP = "sales_rep", _("Sales rep")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")


class Side(TextChoices):
    MARKETING = "marketing", _("Marketing")
    SALES = "sales", _("Sales")


POSITIONS = {
    (Role.MARKETER.value, Side.MARKETING.value): _("Marketer"),
    (Role.SALES_REP.value, Side.SALES.value): _("Sales rep"),
    (Role.MANAGER.value, Side.MARKETING.value): _("Marketing manager"),
    (Role.MANAGER.value, Side.SALES.value): _("Sales manager"),
    (Role.ADMIN.value, ""): _("Admin"),
}
"""The five things a person can be: a role and its side, and the words for it."""
