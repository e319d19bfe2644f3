"""The same POST sent again with its ``Idempotency-Key`` is done once and answered alike."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from alignment.accounts.models import User
from alignment.local import processes
from alignment.programs import services
from alignment.programs.api.once import HEADER, REPLAYED
from alignment.programs.models import KeptAnswer
from leads.models import Lead
from tests import factories
from tests.programs.conftest import Program
from tests.racing import at_once, somebody_waits
from tests.test_access_matrix import _addresses

LEADS = "/api/v1/leads/"
HANAKO = {"full_name": "Hanako Sato", "source": "web"}


def send(client: Client, body: object = HANAKO, *, key: str = "k-1", path: str = LEADS):
    return client.post(path, body, format="json", headers={HEADER: key})


@pytest.fixture
def mais(mai: User, program: Program) -> APIClient:
    return program(mai)


def test_the_same_again_gets_the_stored_answer(mais: APIClient):
    first, again = send(mais), send(mais)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert (first.headers.get(REPLAYED), again.headers[REPLAYED]) == (None, "true")
    assert Lead.objects.count() == 1


def test_the_order_of_a_body_s_fields_does_not_make_it_another(mais: APIClient):
    first = mais.post(
        LEADS, '{"full_name": "A", "source": "b"}', content_type="application/json", headers={HEADER: "x"}
    )

    again = mais.post(
        LEADS, '{ "source": "b", "full_name": "A"}', content_type="application/json", headers={HEADER: "x"}
    )

    assert again.content == first.content
    assert again.headers[REPLAYED] == "true"


def test_a_key_in_quotes_is_the_same_key(mais: APIClient):
    send(mais, key='"a \\"b\\""')

    assert send(mais, key='a "b"').headers[REPLAYED] == "true"


def test_another_body_is_refused(mais: APIClient):
    send(mais)

    answer = send(mais, HANAKO | {"source": "fair"})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "key_used_otherwise")
    assert Lead.objects.count() == 1


def test_a_key_is_its_person_s_own(mais: APIClient, aoi: User, program: Program):
    send(mais)

    other = send(program(aoi))

    assert (other.status_code, other.headers.get(REPLAYED)) == (201, None)
    assert Lead.objects.count() == 2


def test_all_tokens_of_a_person_share_their_keys(mais: APIClient, mai: User, program: Program):
    send(mais)

    assert send(program(mai)).headers[REPLAYED] == "true"


def test_a_key_is_for_one_address(ren: User, program: Program):
    client, leads = program(ren), [factories.lead(stage="with_sales", owner=ren) for _each in range(2)]

    answers = [send(client, {"name": "Press"}, path=f"{LEADS}{lead.pk}/deals/") for lead in leads]

    assert [answer.json()["lead"]["id"] for answer in answers] == [lead.pk for lead in leads]


def test_a_refused_request_leaves_its_key_free(mais: APIClient):
    assert send(mais, {"source": "web"}).status_code == 400

    answer = send(mais)

    assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)


def test_a_request_that_fails_leaves_its_key_free_and_nothing_behind(mais: APIClient, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("rest_framework.renderers.JSONRenderer.render", lambda *_args, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send(mais)
    assert not Lead.objects.exists()
    assert not KeptAnswer.objects.exists()

    assert send(mais).status_code == 201


def test_after_a_day_the_key_is_free(mais: APIClient):
    send(mais)
    KeptAnswer.objects.update(created_at=timezone.now() - services.KEPT_FOR)

    answer = send(mais, HANAKO | {"source": "fair"})

    assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)
    assert send(mais, HANAKO | {"source": "fair"}).headers[REPLAYED] == "true"


def test_the_sweep_deletes_what_is_older_than_a_day(mais: APIClient):
    send(mais)
    now = timezone.now()

    assert services.sweep(now=now + services.KEPT_FOR - timedelta(minutes=1)) == 2  # what mai and her token had spent
    assert KeptAnswer.objects.count() == 1
    assert services.sweep(now=now + services.KEPT_FOR) == 1
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize("key", ["", " ", '""', "k" * 256, "鍵", "a\tb", '"' + "k" * 256 + '"'])
def test_a_malformed_key_is_refused_by_name(key: str, mais: APIClient):
    answer = send(mais, key=key)

    assert answer.status_code == 400
    assert [(error["attr"], error["code"]) for error in answer.json()["errors"]] == [(HEADER, "invalid")]
    assert not Lead.objects.exists()


def test_the_longest_key_is_taken(mais: APIClient):
    assert send(mais, key="k" * 255).status_code == 201


def test_without_a_key_nothing_is_kept(mais: APIClient):
    for _time in range(2):
        assert mais.post(LEADS, HANAKO, format="json").status_code == 201

    assert Lead.objects.count() == 2
    assert not KeptAnswer.objects.exists()


def test_a_closed_door_takes_no_key(ren: User, program: Program):
    assert send(program(ren)).status_code == 403
    assert send(APIClient()).status_code == 401
    assert not KeptAnswer.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_while_the_first_runs_the_second_is_told_so(mai: User, program: Program):
    clients, body, answers = [program(mai), program(mai)], HANAKO | {"company_name": "Yamada"}, []
    first = threading.Thread(target=lambda: answers.extend(at_once(lambda: send(clients[0], body))))
    with transaction.atomic():
        factories.account("Yamada")  # the first waits to see what becomes of this company
        first.start()
        assert processes.wait_until(somebody_waits, 10, 0.01)

        (answer,) = at_once(lambda: send(clients[1], body))
    first.join()

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "still_running")
    assert answer.headers["Retry-After"] == "1"
    assert [answers[0].status_code, Lead.objects.count()] == [201, 1]
    assert send(clients[1], body).headers[REPLAYED] == "true"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_first_that_is_undone_leaves_the_key_to_the_second(mai: User, program: Program):
    client = program(mai)
    with transaction.atomic():
        assert send(client).status_code == 201
        transaction.set_rollback(True)

    answer = send(client)

    assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)
    assert Lead.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_done(mai: User, program: Program):
    clients = [program(mai) for _each in range(8)]

    answers = at_once(*(lambda client=client: send(client) for client in clients))

    assert Lead.objects.count() == 1
    fresh = [answer for answer in answers if answer.status_code == 201 and REPLAYED not in answer.headers]
    assert len(fresh) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}


def test_no_post_of_the_api_was_forgotten():
    forgotten = [
        name
        for name, pattern in _addresses(get_resolver().url_patterns)
        if isinstance(pattern, URLPattern) and (view := getattr(pattern.callback, "cls", None))
        if (post := getattr(view, "post", None)) and not getattr(post, "is_once", False)
    ]

    assert forgotten == []
