"""What stands around every page, and the first page of each role."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def shell(request: HttpRequest) -> dict[str, object]:
    """Context of every page: navigation, banners, theme."""
    return {"theme": request.COOKIES.get("theme", "auto"), "navigation": [], "banners": []}


def home(request: HttpRequest) -> HttpResponse:
    """What needs me now, then how the two sides are doing."""
    return render(request, "home.html", {})
