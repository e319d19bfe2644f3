from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """What a lead is and what happened to it; knows nothing of handoffs."""

    name = "leads"
