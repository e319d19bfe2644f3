"""The score that Mozilla's HTTP Observatory gives for headers, recomputed for every page we serve.

The rules are those of its scoring page; bonus points count from 90 on, as there. Probes are for machines and left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.access import ROWS, Row
from tests.everything import ADMIN, MARKETING_MANAGER, REP, World

AT_LEAST = 115
HALF_A_YEAR = 15_768_000
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
PROBES = {"health:live", "health:ready", "health:metrics"}
PAGES = [row for row in ROWS if row.method == "get" and row.name not in PROBES]


@pytest.fixture
def production(settings) -> None:
    """What production sets beside the base (see test_settings)."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


def policy_of(response: HttpResponse) -> dict[str, set[str]]:
    parts = (part.split() for part in response.headers.get("Content-Security-Policy", "").split(";"))
    return {part[0]: set(part[1:]) for part in parts if part}


def content_policy(response: HttpResponse) -> int:
    policy = policy_of(response)
    if not policy:
        return -25
    default = policy.get("default-src", {"*"})
    scripts, styles = policy.get("script-src", default), policy.get("style-src", default)
    if scripts & {"'unsafe-inline'", "*", "data:", "https:", "http:"} or policy.get("object-src", default) & {
        "*",
        "data:",
    }:
        return -20
    if "'unsafe-eval'" in scripts:
        return -10
    if "'unsafe-inline'" in styles:
        return 0
    return 10 if default == {"'none'"} else 5


def frames(response: HttpResponse) -> int:
    if policy_of(response).get("frame-ancestors", {"*"}) <= {"'none'", "'self'"}:
        return 5
    return 0 if response.headers.get("X-Frame-Options") in ("DENY", "SAMEORIGIN") else -20


def cookies(response: HttpResponse) -> int:
    found = response.cookies
    if any(not cookie["secure"] for cookie in found.values()):
        return -40 if "sessionid" in found and not found["sessionid"]["secure"] else -20
    if "sessionid" in found and not found["sessionid"]["httponly"]:
        return -30
    return 5 if found and all(cookie["samesite"] in ("Lax", "Strict") for cookie in found.values()) else 0


def transport(response: HttpResponse) -> int:
    words = response.headers.get("Strict-Transport-Security", "").split(";")
    age = next((int(word.partition("=")[2]) for word in words if word.strip().startswith("max-age=")), None)
    return -20 if age is None else 0 if age >= HALF_A_YEAR else -10


def referrer(response: HttpResponse) -> int:
    policy = response.headers.get("Referrer-Policy", "")
    return 5 if policy in PRIVATE else -5 if policy in ("unsafe-url", "origin") else 0


def sniffing(response: HttpResponse) -> int:
    return 0 if response.headers.get("X-Content-Type-Options") == "nosniff" else -5


def sharing(response: HttpResponse) -> int:
    return -50 if response.headers.get("Access-Control-Allow-Origin") == "*" else 0


def score(response: HttpResponse) -> int:
    rules = (content_policy, frames, cookies, transport, referrer, sniffing, sharing)
    changes = [rule(response) for rule in rules]
    base = 100 + sum(change for change in changes if change < 0)
    return base + sum(change for change in changes if change > 0) if base >= 90 else base


def visitors(row: Row, world: World) -> Iterator[Client]:
    if row.public:
        yield Client()
    who = next((name for name in (REP, MARKETING_MANAGER, ADMIN) if name in row.allowed), None)
    if who:
        client = Client()
        client.force_login(world.people[who])
        yield client


def test_every_page_reaches_the_score(production: None, everything: World) -> None:
    scores = {}
    for row in PAGES:
        for client in visitors(row, everything):
            response = client.get(reverse(row.name, kwargs=row.arguments(everything)), secure=True)
            assert response.status_code not in (403, 500), f"{row.id}: {response.status_code}"
            scores[row.id] = min(scores.get(row.id, 999), score(response))

    assert scores.keys() == {row.id for row in PAGES if row.allowed or row.public}
    assert len(scores) > 40
    assert {name: found for name, found in scores.items() if found < AT_LEAST} == {}


@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_logout"])
def test_the_pages_for_signing_in_reach_it_too(production: None, everything: World, name: str) -> None:
    assert score(Client().get(reverse(name), secure=True)) >= AT_LEAST


@pytest.mark.parametrize("address", ["/no/such/page/", "/api/v1/handoffs/"])
def test_so_do_refusals(production: None, everything: World, address: str) -> None:
    assert score(Client().get(address, secure=True)) >= AT_LEAST


@pytest.mark.parametrize(
    ("header", "value", "points"),
    [
        ("Content-Security-Policy", None, -40),
        ("Content-Security-Policy", "default-src 'self'; script-src 'unsafe-inline'", -30),
        ("Strict-Transport-Security", None, -20),
        ("X-Content-Type-Options", None, -5),
        ("Referrer-Policy", "unsafe-url", -10),
    ],
)
def test_the_score_falls_where_a_guard_is_missing(
    production: None, everything: World, header: str, value: str | None, points: int
) -> None:
    response = Client().get(reverse("account_login"), secure=True)
    before = score(response)
    del response.headers[header]
    if value:
        response.headers[header] = value

    assert score(response) <= before + points
