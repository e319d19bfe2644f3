"""The models of this app."""

from reviews.models.actions import Action
from reviews.models.reviews import AgendaItem, Review, ReviewSeries, Snapshot

__all__ = ["Action", "AgendaItem", "Review", "ReviewSeries", "Snapshot"]
