"""Who gets in where: every URL and every API operation for every kind of visitor. A URL without a row fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from rest_framework.test import APIClient

from alignment.accounts.doors import SINGLE_SIGN_ON
from alignment.accounts.models import User
from alignment.accounts.services.tokens import create_token
from tests import factories
from tests.access import API_ROWS, HOUSE, ROWS, SINGLE_SIGN_ON_ROWS, Row
from tests.everything import ADMIN, MARKETER, World

FOREIGN = ("django-admin/",)
"""Pages of Django's own admin site: tested as a whole below."""
ANONYMOUS, DEACTIVATED, TOKEN_ONLY = "anonymous", "deactivated", "token only"


def _visitor(world: World, name: str) -> User | None:
    if name == ANONYMOUS:
        return None
    if name == DEACTIVATED:
        return factories.user("gone", role="manager", side="sales", is_active=True)
    return world.people[name]


def _answer(client: Client, row: Row, world: World) -> int | str:
    """The status of one request, undone afterwards; ``sign in`` for a way to the sign-in page."""
    address, cookies = reverse(row.name, kwargs=row.arguments(world)), deepcopy(client.cookies)
    with transaction.atomic():
        kind = {"format": "json"} if isinstance(client, APIClient) and row.method != "get" else {}
        response = getattr(client, row.method)(address, row.data, **kind)
        transaction.set_rollback(True)
    client.cookies = cookies  # signing out is undone, too
    if response.status_code == 302 and response.headers["Location"].startswith(reverse("account_login")):
        return "sign in"
    return response.status_code


def _is_let_in(status: int | str) -> bool:
    return isinstance(status, int) and (status < 500 or status == 503) and status not in (401, 403, 404, 405)


def _faults(client: Client, world: World, rows: tuple[Row, ...], visitor: str, shut: int | str) -> Iterator[str]:
    for row in rows:
        found = _answer(client, row, world)
        if visitor not in HOUSE:
            expected = "let in" if row.public and row.allowed else row.refused if row.public else shut
        else:
            expected = "let in" if visitor in row.allowed else row.refused
        if not (_is_let_in(found) if expected == "let in" else found == expected):
            yield f"{row.id} as {visitor}: expected {expected}, got {found}"


@pytest.mark.parametrize("visitor", [ANONYMOUS, DEACTIVATED, *sorted(HOUSE)])
def test_every_page_lets_in_exactly_those_who_may(everything: World, visitor: str) -> None:
    client = Client(raise_request_exception=False)
    person = _visitor(everything, visitor)
    if person is not None:
        client.force_login(person)
    if visitor == DEACTIVATED:
        User.objects.filter(pk=person.pk).update(is_active=False)  # the session is older than the deactivation

    assert "\n".join(_faults(client, everything, ROWS, visitor, "sign in")) == ""


@pytest.mark.parametrize("visitor", sorted(HOUSE))
def test_no_change_that_was_let_through_ends_at_a_closed_door(everything: World, visitor: str) -> None:
    client, person = Client(raise_request_exception=False), everything.people[visitor]
    client.force_login(person)

    rows = [row for row in ROWS if row.method == "post" and visitor in row.allowed]
    found = {row.id: _end_of(client, row, everything, person) for row in rows}

    assert {row: status for row, status in found.items() if status in (403, 404, 405)} == {}


def _end_of(client: Client, row: Row, world: World, person: User) -> int:
    """Where a change leads in the end, when whoever made it signs in again where that is asked; undone afterwards."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        response = client.post(reverse(row.name, kwargs=row.arguments(world)), row.data, follow=True)
        way = [address for address, _status in getattr(response, "redirect_chain", [])]
        asked = parse_qs(urlsplit(way[-1]).query).get("next") if way else None
        if way and asked and way[-1].startswith(reverse("account_login")):
            client.force_login(User.objects.get(pk=person.pk))
            response = client.get(asked[0], follow=True)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response.status_code


@pytest.mark.parametrize("visitor", [ANONYMOUS, MARKETER])
def test_the_pages_of_single_sign_on_let_in_exactly_those_who_may(everything: World, settings, visitor: str) -> None:
    settings.ROOT_URLCONF = "tests.accounts.single_sign_on_urls"
    client = Client(raise_request_exception=False)
    if visitor != ANONYMOUS:
        client.force_login(everything.people[visitor])

    assert "\n".join(_faults(client, everything, SINGLE_SIGN_ON_ROWS, visitor, "sign in")) == ""


@pytest.mark.parametrize("visitor", [ANONYMOUS, DEACTIVATED, *sorted(HOUSE)])
def test_every_operation_of_the_api_lets_in_exactly_those_who_may(everything: World, visitor: str) -> None:
    client = APIClient(raise_request_exception=False)
    person = _visitor(everything, visitor)
    if person is not None:
        client.force_login(person)
    if visitor == DEACTIVATED:
        User.objects.filter(pk=person.pk).update(is_active=False)

    assert "\n".join(_faults(client, everything, API_ROWS, visitor, 401)) == ""


Patterns = list[URLPattern | URLResolver]


def _program_of(person: User) -> APIClient:
    """A program with nothing but a token of this person."""
    _token, secret = create_token(person=person, name="x", valid_for=timedelta(days=1), now=timezone.now())
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


@pytest.mark.parametrize("visitor", sorted(HOUSE))
def test_a_token_opens_in_the_api_what_its_person_may(everything: World, visitor: str) -> None:
    client = _program_of(everything.people[visitor])

    assert "\n".join(_faults(client, everything, API_ROWS, visitor, 401)) == ""


def test_a_token_opens_no_page(everything: World) -> None:
    client = _program_of(everything.people[ADMIN])

    assert "\n".join(_faults(client, everything, ROWS, TOKEN_ONLY, "sign in")) == ""


def test_the_token_of_somebody_deactivated_opens_nothing(everything: World) -> None:
    person = _visitor(everything, DEACTIVATED)
    client = _program_of(person)
    User.objects.filter(pk=person.pk).update(is_active=False)  # the token is older than the deactivation

    assert "\n".join(_faults(client, everything, API_ROWS, DEACTIVATED, 401)) == ""
    assert "\n".join(_faults(client, everything, ROWS, DEACTIVATED, "sign in")) == ""


def test_what_belongs_to_somebody_else_answers_like_what_does_not_exist(everything: World) -> None:
    token, _secret = create_token(
        person=everything.people[ADMIN], name="x", valid_for=timedelta(days=1), now=timezone.now()
    )
    client = Client(headers={"X-Request-ID": "the-same-id"})
    client.force_login(everything.people[MARKETER])

    foreign, missing = (
        client.post(reverse("accounts:token-revoke", kwargs={"token_key": key}))
        for key in (token.token_key, "0123456789abcde")
    )

    assert foreign.status_code == missing.status_code == 404
    assert _shape(foreign.text, token.token_key) == _shape(missing.text, "0123456789abcde")


def _shape(page: str, key: str) -> str:
    """A page without what differs from one request to the next: its address and the secrets of forms and scripts."""
    return re.sub(r'"[A-Za-z0-9]{64}"|nonce="[^"]+"', '""', page.replace(key, "KEY"))


def _addresses(patterns: Patterns, namespace: str = "", prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if address.startswith(FOREIGN):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _addresses(pattern.url_patterns, inner, address)
        else:
            yield f"{namespace}{pattern.name}", pattern


def _methods(pattern: URLPattern) -> set[str]:
    view = getattr(pattern.callback, "cls", None)
    return {method for method in ("get", "post", "put", "patch", "delete") if hasattr(view, method)}


def test_every_address_has_a_row_and_every_operation_of_the_api_too() -> None:
    rows = {(row.name, row.method) for row in (*ROWS, *API_ROWS)}
    names = {name for name, _method in rows}
    addresses = dict(_addresses(get_resolver().url_patterns))

    assert addresses.keys() - names == set(), "addresses without a row in tests/access.py"
    assert names - addresses.keys() == set(), "rows without an address"
    assert {row.name for row in SINGLE_SIGN_ON_ROWS} == {name for name, _page in _addresses(SINGLE_SIGN_ON)}
    operations = {(name, method) for name, pattern in addresses.items() for method in _methods(pattern)}
    assert operations - rows == set(), "operations of the API without a row"


@pytest.mark.parametrize("address", ["/django-admin/", "/django-admin/accounts/"])
def test_foreign_pages_ask_to_sign_in(db: None, address: str) -> None:
    response = Client().get(address)

    assert response.status_code == 302
    assert "/login/" in response.headers["Location"]


def test_the_admin_site_is_for_admins(everything: World) -> None:
    def status(person: User) -> int:
        client = Client()
        client.force_login(person)
        return client.get("/django-admin/").status_code

    assert {name: status(person) for name, person in everything.people.items()} == {
        name: 200 if name == ADMIN else 302 for name in everything.people
    }


@pytest.mark.parametrize("action", ["action_add", "action_primary"])
def test_nobody_takes_another_address_past_the_services(mai: User, ren: User, action: str) -> None:
    client = Client()
    client.force_login(mai)

    answer = client.post("/accounts/email/", {"email": ren.email, action: ""})

    mai.refresh_from_db()
    assert answer.status_code == 404
    assert mai.email == "mai@example.com"


def test_nobody_signs_up_by_themselves(db: None) -> None:
    response = Client().post(
        "/accounts/signup/", {"email": "new@body.example", "password1": "x" * 12, "password2": "x" * 12}
    )

    assert response.status_code in (200, 403)
    assert not User.objects.filter(email="new@body.example").exists()
