"""Who is asking."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from alignment.accounts.models import User


def user_of(request: HttpRequest) -> User:
    """The signed-in person; ``LoginRequiredMiddleware`` lets nobody else in."""
    return cast(User, request.user)
