"""What follows a rejection. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class NextStep(TextChoices):
    RECYCLE = "recycle", _("back to nurture, with a date")
    CLOSE = "close", _("close: not to be contacted again")
