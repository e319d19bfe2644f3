"""The signed-in person of a request, typed."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from alignment.accounts.models import User


def person(request: HttpRequest) -> User:
    """Who is signed in; every page except the doors requires somebody."""
    return cast(User, request.user)
