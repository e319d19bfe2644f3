"""What the demo adds to the sign-in page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from alignment.demo.people import demo_people


def entrance(request: HttpRequest) -> dict[str, Any]:
    """The people as whom a visitor may enter, asked for only by a page that shows them; nothing outside the demo."""
    user = getattr(request, "user", None)
    if not settings.DEMO or user is None or user.is_authenticated:
        return {}
    return {"demo_people": SimpleLazyObject(demo_people), "enter_url": reverse("demo:enter")}
