"""The command by which an operator sets a password ends the same things as the page."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from alignment.accounts.models import ApiToken
from alignment.accounts.services.tokens import create_token

NEW = "brand-new-phrase"


@pytest.fixture
def typed(monkeypatch):
    """Type these lines, one after the other."""

    def type_in(*lines: str) -> None:
        left = iter(lines)
        monkeypatch.setattr("getpass.getpass", lambda prompt="": next(left))

    return type_in


@pytest.fixture
def token(mai) -> None:
    create_token(person=mai, name="Export", valid_for=timedelta(days=30), now=timezone.now())


def test_a_password_from_the_command_line_ends_sessions_and_tokens(signed_in, mai, token, typed):
    browser = signed_in(mai)
    typed(NEW, NEW)

    call_command("changepassword", "MAI@example.com", stdout=StringIO())

    mai.refresh_from_db()
    assert mai.check_password(NEW)
    assert not ApiToken.objects.exists()
    assert browser.get("/").status_code == 302


def test_what_is_mistyped_or_too_weak_is_asked_again_and_changes_nothing(mai, token, typed):
    typed(NEW, "something else", "12345", "12345", "", "")

    with pytest.raises(CommandError, match="stays as it was"):
        call_command("changepassword", mai.email, stdout=StringIO(), stderr=StringIO())

    mai.refresh_from_db()
    assert not mai.check_password(NEW)
    assert ApiToken.objects.exists()


def test_an_unknown_address_is_said(db):
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("changepassword", "nobody@example.com", stdout=StringIO())
