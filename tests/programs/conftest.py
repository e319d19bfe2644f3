"""Programs with tokens of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from alignment.accounts.models import User
from alignment.accounts.scopes import Scope
from alignment.accounts.services.tokens import create_token

Program = Callable[..., APIClient]


@pytest.fixture
def program() -> Program:
    """A program that signs in with a new token of this person, for these scopes (default: all)."""

    def make(person: User, *scopes: Scope) -> APIClient:
        _token, secret = create_token(
            person=person,
            name="test",
            valid_for=timedelta(days=1),
            now=timezone.now(),
            scopes=scopes or tuple(Scope),
        )
        return APIClient(headers={"Authorization": f"Token {secret}"})

    return make
