"""An installation in which everything lives, and those who watch over it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from alignment.health import checks, metrics, services

KEY = "a-key-of-those-who-operate-this-0123456789"


@pytest.fixture(autouse=True)
def _fresh():
    """No answer of an earlier test."""
    metrics.forget()
    yield
    metrics.forget()


@pytest.fixture
def all_alive(db):
    services.note(*checks.HEARTBEATS, now=timezone.now())


@pytest.fixture
def operator(settings) -> dict[str, str]:
    """The headers of somebody who has the key."""
    settings.METRICS_KEY = KEY
    return {"Authorization": f"Bearer {KEY}"}
