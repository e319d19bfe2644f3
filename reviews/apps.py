from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Both sides look at it together: figures, the monthly review, actions."""

    name = "reviews"
