from importlib import import_module

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """What a lead is and what happened to it; knows nothing of handoffs."""

    name = "leads"

    def ready(self) -> None:
        """Let monitoring see what was brought in."""
        import_module("leads.selectors.imports")
