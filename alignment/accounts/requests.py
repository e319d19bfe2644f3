"""Requests as the pages see them: sign-in is required everywhere, so there is a person behind each."""

from __future__ import annotations

from django.http import HttpRequest

from alignment.accounts.models import User


class PersonRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User
