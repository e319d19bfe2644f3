"""Who gets in where: every URL and every API operation for every kind of visitor. A URL without a row fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from alignment.accounts.models import Absence, CompanyDay, Invitation, User
from alignment.outbox.models import Notice
from handoff.models import RoutingRule
from handoff.services.decisions import accept
from handoff.services.submission import submit_lead
from leads.services import definitions
from leads.services.capture import LeadData, capture_lead
from leads.services.deals import open_deal
from leads.services.definitions import CriterionData
from reviews.models import Action, ReviewSeries
from reviews.services.reviews import build_review
from tests import factories
from tests.access import (
    ADMIN,
    API_ROWS,
    HOUSE,
    MARKETER,
    MARKETING_MANAGER,
    OUTSIDER,
    REP,
    ROWS,
    SALES_MANAGER,
    Row,
    World,
)

FOREIGN = ("accounts/", "django-admin/")
"""Pages of allauth and of Django's own admin site: tested as a whole below."""
ANONYMOUS, DEACTIVATED = "anonymous", "deactivated"
NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
WEB = {"field": "source", "op": "is", "value": "web"}


@pytest.fixture
def world(mai: User, ren: User, rei: User, aoi: User, sora: User, kei: User) -> World:
    """One of everything, made through the services."""
    people = {MARKETER: mai, REP: ren, OUTSIDER: rei, MARKETING_MANAGER: aoi, SALES_MANAGER: sora, ADMIN: kei}
    world = World(people=people)
    _agree(aoi, sora)
    world.rule = RoutingRule.objects.create(position=1, name="All", condition={"all": []}, team=ren.team)
    world.handoff = _submit(mai, "One").handoff  # type: ignore[assignment]
    world.lead = world.handoff.lead
    world.sold = accept(handoff_id=_submit(mai, "Two").handoff.pk, actor=ren, now=NOW).lead  # type: ignore[union-attr]
    world.qualified = capture_lead(data=LeadData(full_name="Three", source="web"), actor=mai, now=NOW).lead
    deal = {"name": "D", "amount": None, "expected_on": None, "product": ""}
    world.deal = open_deal(lead_id=world.sold.pk, actor=ren, now=NOW, **deal)
    world.campaign, world.account = factories.campaign(), factories.account()
    world.draft = definitions.start_draft(definition_id=factories.definition().pk, actor=aoi, now=NOW)
    definitions.propose(version_id=world.draft.pk, reason="Second", actor=aoi, now=NOW)
    _make_review(world)
    _make_settings(world)
    return world


def _agree(aoi: User, sora: User) -> None:
    draft = definitions.start_draft(definition_id=factories.definition().pk, actor=aoi, now=NOW)
    definitions.save_draft(
        version_id=draft.pk,
        threshold=10,
        criteria=[CriterionData(condition=WEB, points=10, why="Web leads buy.")],
        reason="First",
        takes_effect_at=None,
        actor=aoi,
        now=NOW,
    )
    definitions.propose(version_id=draft.pk, reason="First", actor=aoi, now=NOW)
    for manager in (aoi, sora):
        definitions.sign(version_id=draft.pk, actor=manager, now=NOW)


def _submit(mai: User, name: str):
    return submit_lead(data=LeadData(full_name=name, source="web"), actor=mai, now=NOW)


def _make_review(world: World) -> None:
    series = ReviewSeries.objects.get(key="monthly")
    world.review = build_review(series=series, month=date(2026, 3, 1), now=NOW)
    world.action = Action.objects.create(
        review=world.review,
        title="Call sooner",
        owner=world.people[REP],
        due_on="2026-05-01",
        created_by=world.people[SALES_MANAGER],
        created_at=NOW,
    )


def _make_settings(world: World) -> None:
    guest = factories.user("guest", is_active=False)
    world.invitation = Invitation.objects.create(
        user=guest,
        token_hash="0" * 64,
        invited_by=world.people[ADMIN],
        created_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    world.absence = Absence.objects.create(user=world.people[REP], starts_on="2026-05-01", ends_on="2026-05-02")
    world.company_day = CompanyDay.objects.create(on="2026-08-13")
    world.notice = Notice.objects.create(
        to_address="a@b.example", language="en", time_zone="UTC", template="x", created_at=NOW, next_at=NOW
    )


def _visitor(world: World, name: str) -> User | None:
    if name == ANONYMOUS:
        return None
    if name == DEACTIVATED:
        return factories.user("gone", role="manager", side="sales", is_active=True)
    return world.people[name]


def _answer(client: Client, row: Row, world: World) -> int | str:
    """The status of one request, undone afterwards; ``sign in`` for a way to the sign-in page."""
    address = reverse(row.name, kwargs=row.arguments(world))
    with transaction.atomic():
        kind = {"format": "json"} if isinstance(client, APIClient) and row.method != "get" else {}
        response = getattr(client, row.method)(address, row.data, **kind)
        transaction.set_rollback(True)
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
def test_every_page_lets_in_exactly_those_who_may(world: World, visitor: str) -> None:
    client = Client(raise_request_exception=False)
    person = _visitor(world, visitor)
    if person is not None:
        client.force_login(person)
    if visitor == DEACTIVATED:
        User.objects.filter(pk=person.pk).update(is_active=False)  # the session is older than the deactivation

    assert "\n".join(_faults(client, world, ROWS, visitor, "sign in")) == ""


@pytest.mark.parametrize("visitor", [ANONYMOUS, DEACTIVATED, *sorted(HOUSE)])
def test_every_operation_of_the_api_lets_in_exactly_those_who_may(world: World, visitor: str) -> None:
    client = APIClient(raise_request_exception=False)
    person = _visitor(world, visitor)
    if person is not None:
        client.force_login(person)
    if visitor == DEACTIVATED:
        User.objects.filter(pk=person.pk).update(is_active=False)

    assert "\n".join(_faults(client, world, API_ROWS, visitor, 401)) == ""


def _addresses(resolver: URLResolver, namespace: str = "", prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        address = prefix + str(pattern.pattern)
        if address.startswith(FOREIGN):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _addresses(pattern, inner, address)
        else:
            yield f"{namespace}{pattern.name}", pattern


def _methods(pattern: URLPattern) -> set[str]:
    view = getattr(pattern.callback, "cls", None)
    return {method for method in ("get", "post", "put", "patch", "delete") if hasattr(view, method)}


def test_every_address_has_a_row_and_every_operation_of_the_api_too() -> None:
    rows = {(row.name, row.method) for row in (*ROWS, *API_ROWS)}
    names = {name for name, _method in rows}
    addresses = dict(_addresses(get_resolver()))

    assert addresses.keys() - names == set(), "addresses without a row in tests/access.py"
    assert names - addresses.keys() == set(), "rows without an address"
    operations = {(name, method) for name, pattern in addresses.items() for method in _methods(pattern)}
    assert operations - rows == set(), "operations of the API without a row"


@pytest.mark.parametrize("address", ["/django-admin/", "/accounts/password/change/", "/accounts/2fa/"])
def test_foreign_pages_ask_to_sign_in(db: None, address: str) -> None:
    response = Client().get(address)

    assert response.status_code == 302
    assert "/login/" in response.headers["Location"]


def test_the_admin_site_is_for_admins(world: World) -> None:
    def status(person: User) -> int:
        client = Client()
        client.force_login(person)
        return client.get("/django-admin/").status_code

    assert {name: status(person) for name, person in world.people.items()} == {
        name: 200 if name == ADMIN else 302 for name in world.people
    }


def test_nobody_signs_up_by_themselves(db: None) -> None:
    response = Client().post(
        "/accounts/signup/", {"email": "new@body.example", "password1": "x" * 12, "password2": "x" * 12}
    )

    assert response.status_code in (200, 403)
    assert not User.objects.filter(email="new@body.example").exists()
