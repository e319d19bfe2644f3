"""Whoever asks too often is asked to wait, and nobody else is slowed by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alignment.accounts.models import User
from alignment.programs.services import spend
from tests.programs.conftest import Program
from tests.racing import at_once

LEADS = "/api/v1/leads/"
NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)


def statuses(client, times: int) -> list[int]:
    return [client.get(LEADS).status_code for _time in range(times)]


def test_who_asks_too_often_is_told_when_to_come_back(mai: User, program: Program, settings):
    settings.API_REQUESTS_OF_TOKEN = 2
    client = program(mai)
    assert statuses(client, 2) == [200, 200]

    answer = client.get(LEADS)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    error = answer.json()["errors"][0]
    assert (error["code"], error["attr"]) == ("throttled", None)


def test_a_program_run_wild_leaves_the_others_of_its_person_alone(mai: User, program: Program, settings):
    settings.API_REQUESTS_OF_TOKEN, settings.API_REQUESTS_OF_USER = 2, 4
    wild, other = program(mai), program(mai)
    assert statuses(wild, 10)[2:] == [429] * 8

    assert statuses(other, 2) == [200, 200]


def test_a_person_s_tokens_and_sessions_count_together(mai: User, program: Program, settings, signed_in):
    settings.API_REQUESTS_OF_USER = 3
    for client in (program(mai), program(mai), signed_in(mai)):
        assert client.get(LEADS).status_code == 200

    assert signed_in(mai).get(LEADS).status_code == 429


def test_nobody_is_slowed_by_another(mai: User, aoi: User, program: Program, settings):
    settings.API_REQUESTS_OF_USER = 1
    assert statuses(program(mai), 2) == [200, 429]

    assert statuses(program(aoi), 1) == [200]


@pytest.mark.django_db
def test_what_was_spent_comes_back_evenly():
    def ask(at: datetime, weight: int = 1) -> timedelta:
        return spend(subject="s", per_minute=6, weight=weight, now=at)

    assert [ask(NOW).total_seconds() for _time in range(7)] == [0, 0, 0, 0, 0, 0, 10]
    assert ask(NOW + timedelta(seconds=9)).total_seconds() == 1
    assert ask(NOW + timedelta(seconds=10)).total_seconds() == 0
    assert ask(NOW + timedelta(seconds=30), weight=3).total_seconds() == 10
    assert ask(NOW + timedelta(hours=1), weight=6).total_seconds() == 0
    assert ask(NOW + timedelta(hours=1)).total_seconds() == 10


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_requests_at_once_do_not_slip_through_together():
    waits = at_once(*(lambda: spend(subject="s", per_minute=3, weight=1, now=NOW) for _each in range(8)))

    assert sum(1 for wait in waits if not wait) == 3
