"""An installation in which everything lives, and those who watch over it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from alignment.health import checks, metrics, services
from tests.scraping import Figures, figures

KEY = "a-key-of-those-who-operate-this-0123456789"


def forget() -> None:
    """Let whoever asks next see what is there now."""
    checks.recent_report.forget()
    metrics.recent_figures.forget()


@pytest.fixture(autouse=True)
def _fresh():
    """No answer of an earlier test."""
    forget()
    yield
    forget()


@pytest.fixture
def all_alive(db):
    services.note(*checks.HEARTBEATS, now=timezone.now())


@pytest.fixture
def operator(settings) -> dict[str, str]:
    """The headers of somebody who has the key."""
    settings.METRICS_KEY = KEY
    return {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def scrape(client: Client, operator: dict[str, str]) -> Callable[[], Figures]:
    """Ask as Prometheus does, always anew."""

    def ask() -> Figures:
        forget()
        answer = client.get("/metrics", headers=operator)
        assert answer.status_code == 200
        return figures(answer.text)

    return ask
