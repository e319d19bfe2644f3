"""The five people as whom a visitor may look around."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import User


@dataclass(frozen=True)
class DemoRole:
    """``text`` says what this role does here."""

    email: str
    label: Promise
    text: Promise


ROLES = (
    DemoRole("marketer@demo.example", _("Marketer"), _("Submits leads and reads what sales says of them")),
    DemoRole("rep@demo.example", _("Sales rep"), _("Accepts or rejects offers, calls, opens deals")),
    DemoRole(
        "marketing.manager@demo.example", _("Marketing manager"), _("Writes and signs the definition for marketing")
    ),
    DemoRole("sales.manager@demo.example", _("Sales manager"), _("Signs for sales, watches the deadlines")),
    DemoRole("admin@demo.example", _("Admin"), _("Invites people and sets up the company")),
)


def demo_people() -> list[dict[str, str]]:
    """The demo people that exist here, for the sign-in page."""
    known = User.objects.active().in_bulk([role.email for role in ROLES], field_name="email")
    return [
        {
            "email": role.email,
            "label": str(role.label),
            "text": str(role.text),
            "name": known[role.email].full_name,
            "side": known[role.email].side,
        }
        for role in ROLES
        if role.email in known
    ]
