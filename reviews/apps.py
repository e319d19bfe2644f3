from importlib import import_module

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Both sides look at it together: figures, the monthly review, actions."""

    name = "reviews"

    def ready(self) -> None:
        """Let monitoring see whether reviews build themselves."""
        import_module("reviews.selectors.due")
