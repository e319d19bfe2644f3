from django.apps import AppConfig


class DemoConfig(AppConfig):
    """A believable company to look at, made through the same doors as live work."""

    name = "alignment.demo"
