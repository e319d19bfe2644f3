"""What views ask of a request, and leave with its browser."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse

from alignment.accounts.requests import person

__all__ = ["keep", "person"]

A_YEAR = 365 * 24 * 3600


def keep(response: HttpResponse, cookie: str, value: str) -> HttpResponse:
    """Let this browser remember a choice, out of the reach of scripts and other sites."""
    response.set_cookie(
        cookie, value, max_age=A_YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
    return response
