from importlib import import_module

from django.apps import AppConfig


class HandoffConfig(AppConfig):
    """Moves responsibility for a lead from one team to the other."""

    name = "handoff"

    def ready(self) -> None:
        """Let monitoring see whether deadlines are watched, and leads what the rules name."""
        import_module("handoff.selectors.lateness")
        import_module("handoff.selectors.routing")
