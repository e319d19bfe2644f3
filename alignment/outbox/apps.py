from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """What must leave the system, as rows written with the change that causes it."""

    name = "alignment.outbox"
