"""A row that somebody holds for too long: the answer is 503 in the user's language, and nothing was changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation
from rest_framework.test import APIClient

from alignment.accounts.models import User
from alignment.kernel import outages
from alignment.outbox.models import Notice
from handoff.models import Handoff, HandoffEvent
from tests import baseline
from tests.fault import world
from tests.fault.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people() -> World:
    baseline.restore()
    return world.begin()


@pytest.fixture
def offer(people: World) -> Handoff:
    return Handoff.objects.get(pk=world.offers(people, 1)[0])


@pytest.fixture(params=["lock_timeout", "statement_timeout"])
def held(request: pytest.FixtureRequest, offer: Handoff) -> Iterator[Handoff]:
    """Somebody holds the offer; we wait a fifth of a second for it instead of five seconds."""
    ours = connection.settings_dict
    address = {"dbname": ours["NAME"], "user": ours["USER"], "password": ours["PASSWORD"], "host": ours["HOST"]}
    with closing(psycopg2.connect(**address, port=ours["PORT"])) as other, other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM handoff_handoff WHERE id = %s FOR UPDATE", [offer.pk])
        with connection.cursor() as own:
            own.execute(f"SET {request.param} = 200")
        yield offer
    connection.close()


def state(offer: Handoff) -> tuple:
    return (
        Handoff.objects.values().get(pk=offer.pk),
        HandoffEvent.objects.count(),
        Notice.objects.count(),
    )


def busy(language: str) -> str:
    with translation.override(language):
        return str(outages.BUSY)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_page_says_so_in_the_user_s_language_and_changes_nothing(held, people, language) -> None:
    User.objects.filter(pk=people.ren.pk).update(language=language)
    client, before = Client(), state(held)
    client.force_login(User.objects.get(pk=people.ren.pk))

    answer = client.post(reverse("handoff:accept", args=[held.pk]))

    assert (answer.status_code, answer["Retry-After"]) == (503, str(outages.RETRY_AFTER))
    assert busy(language) in re.sub(r"<wbr>|\u200b", "", answer.text)  # where a long line may break
    assert state(held) == before


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_api_says_so_in_the_user_s_language_and_changes_nothing(held, people, language) -> None:
    User.objects.filter(pk=people.ren.pk).update(language=language)
    before = state(held)

    answer = APIClient(raise_request_exception=False).post(
        reverse("handoff-api:accept", args=[held.pk]), headers={"Authorization": f"Token {people.token}"}
    )

    assert (answer.status_code, answer["Retry-After"]) == (503, str(outages.RETRY_AFTER))
    assert answer.json()["errors"] == [{"code": "busy", "detail": busy(language), "attr": None}]
    assert state(held) == before


def test_once_it_is_free_the_same_request_succeeds(offer, people) -> None:
    client = Client()
    client.force_login(people.ren)

    assert client.post(reverse("handoff:accept", args=[offer.pk])).status_code == 302
    assert Handoff.objects.get().status == "accepted"
