"""What follows a rejection. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class NextStep(TextChoices):
    RECYCLE = "recycle", _("back to nurture, with a date")
    CLOSE = "close", _("close: not to be contacted again")


DUPLICATE = "duplicate"
_CLOSED = {DUPLICATE: _("closed here: the colleague who is in contact goes on")}
CLOSED = _("closed: marketing stops writing to them")


def closing(reason: str) -> str:
    """What it means for the person that the handoff is closed, by the code of the reason."""
    return str(_CLOSED.get(reason, CLOSED))
