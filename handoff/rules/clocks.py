"""Duties and the words for their clocks. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Duty(TextChoices):
    """What one side owes the other."""

    DECIDE = "decide", _("decide on an offer")
    FIRST_ATTEMPT = "first_attempt", _("first attempt to reach an accepted lead")


class ClockState(TextChoices):
    RUNNING = "running", _("running")
    MET = "met", _("kept")
    BREACHED = "breached", _("missed")
    STOPPED = "stopped", _("no longer owed")
