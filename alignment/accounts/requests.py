"""Requests as pages and operations see them: sign-in is required everywhere, so there is a person behind each."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

from alignment.accounts.models import User

if TYPE_CHECKING:
    from rest_framework.request import Request


class PersonRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User


def person(request: HttpRequest | Request) -> User:
    """Who is signed in, or whose token a program sent; every page except the doors requires somebody."""
    return cast(User, request.user)
