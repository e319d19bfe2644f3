from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Leaf code shared by all apps; has no models."""

    name = "alignment.kernel"
