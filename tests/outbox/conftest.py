"""A template, a notice and a mail server for the tests of the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from alignment.outbox.models import Notice
from tests.outbox.smtp_server import SmtpServer

FOLDER = Path(__file__).parent / "templates"


@pytest.fixture(autouse=True)
def _templates(settings: Settings) -> None:
    """Let the tests bring mails of their own."""
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [engine | {"DIRS": [*engine["DIRS"], FOLDER]}]


@pytest.fixture
def notice(db: None, now: datetime) -> Callable[..., Notice]:
    """Makes a notice that is due."""

    def make(**fields: Any) -> Notice:
        defaults = {
            "to_address": "ren@example.com",
            "language": "en",
            "time_zone": "Asia/Tokyo",
            "template": "outbox_test/hello",
            "context": {"name": "Ren"},
            "created_at": now,
            "next_at": now,
        }
        return Notice.objects.create(**(defaults | fields))

    return make


@pytest.fixture
def smtp(settings: Settings) -> Iterator[SmtpServer]:
    """A mail server; the application is set up to use it."""
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 1
        yield server
