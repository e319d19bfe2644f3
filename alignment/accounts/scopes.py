"""What a token may be used for, in few words: it never allows more than its person may."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Scope(TextChoices):
    """One thing that a program may do with a token."""

    READ = "read", _("Read leads, handoffs, deals and figures")
    WRITE_LEADS = "leads:write", _("Send and correct leads and their touches")
    WRITE_HANDOFFS = "handoffs:write", _("Accept, reject and withdraw handoffs")
    WRITE_DEALS = "deals:write", _("Open, change, win and lose deals")


def all_scopes() -> list[str]:
    """Every scope there is."""
    return list(Scope.values)
