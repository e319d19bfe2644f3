"""What views ask of a request, and leave with its browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from alignment.accounts.models import User

if TYPE_CHECKING:
    from rest_framework.request import Request

A_YEAR = 365 * 24 * 3600


def person(request: HttpRequest | Request) -> User:
    """Who is signed in, or whose token a program sent; every page except the doors requires somebody."""
    return cast(User, request.user)


def keep(response: HttpResponse, cookie: str, value: str) -> HttpResponse:
    """Let this browser remember a choice, out of the reach of scripts and other sites."""
    response.set_cookie(
        cookie, value, max_age=A_YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
    return response
