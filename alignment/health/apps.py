from django.apps import AppConfig


class HealthConfig(AppConfig):
    """Is everything running? Heartbeats, probes and the doctor."""

    name = "alignment.health"
