from django.apps import AppConfig


class HandoffConfig(AppConfig):
    """Moves responsibility for a lead from one team to the other."""

    name = "handoff"
