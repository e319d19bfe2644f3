"""``manage.py bench api``: how much our operations add to the SQL that they need."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alignment.accounts.models import User
from alignment.accounts.roles import Role, Side
from alignment.accounts.scopes import Scope
from alignment.accounts.services.tokens import create_token
from leads.models import Criterion, Definition, DefinitionVersion

_STRANGERS = count(300_000, 300)
"""Nobody comes twice, or they would be recognised; all work at one company, so that each takes the same statements."""
ROUNDS = 5
TIMES = 40
"""Requests of each kind in a round; the two kinds take turns, so that whatever else runs slows both."""


@dataclass(frozen=True)
class Statement:
    """What was executed. ``returned``: the first columns of what it gave back."""

    sql: str
    params: tuple[Any, ...] | dict[str, Any] | None
    returned: tuple[Any, ...]


class BareView(APIView):
    """Behind the same sign-in, does the same statements one after the other and nothing else: no check, no rule."""

    writes = Scope.WRITE_LEADS
    statements: list[Statement] = []
    origins: dict[tuple[int, int], tuple[int, int]] = {}
    answer: Any = None

    def post(self, request: Request) -> Response:
        returned: list[list[Any]] = []
        assert request.data
        for number, statement in enumerate(self.statements):
            params = statement.params
            if isinstance(params, tuple):
                places = ((self.origins.get((number, slot)), value) for slot, value in enumerate(params))
                params = tuple(returned[place[0]][place[1]] if place else value for place, value in places)
            with connection.cursor() as cursor:
                cursor.execute(statement.sql, params)
                rows = cursor.fetchall() if cursor.description else []
            returned.append([row[0] for row in rows] if statement.returned else [])
        return Response(self.answer, status=201)


urlpatterns = [path("api/v1/leads/", BareView.as_view())]


@transaction.atomic
def api(say: Callable[[str], Any], _sizes: Sequence[int]) -> None:
    """Single leads a second, and those of a bare view that does the same SQL; goal: no less than half as many."""
    now = timezone.now()
    actor = User.objects.create_user("api@example.invalid", full_name="Bench", role=Role.MANAGER, side=Side.MARKETING)
    _token, secret = create_token(person=actor, name="bench", valid_for=timedelta(hours=1), now=now)
    _agree(actor, now)
    client = Client(headers={"Authorization": f"Token {secret}"}, SERVER_NAME=settings.ALLOWED_HOSTS[0])
    limits = {"API_REQUESTS_OF_TOKEN": 10**6, "API_REQUESTS_OF_USER": 10**6}
    with override_settings(**limits):
        for kind, source in (("handed over", "web"), ("judged only", "fair")):
            say(f"api, one lead at a time, {_compared(client, kind, source)}")
        begin = time.perf_counter()
        _post(client, "batch/", {"items": [_lead(number, "web") for number in range(1000)]}, 200)
    say(f"api, 1,000 leads in one request, all handed over: {time.perf_counter() - begin:.1f} s")
    transaction.set_rollback(True)


def _agree(actor: User, now: datetime) -> None:
    """A definition of one criterion, in force."""
    DefinitionVersion.objects.filter(status=DefinitionVersion.Status.IN_FORCE).update(
        status=DefinitionVersion.Status.SUPERSEDED, in_force_until=now
    )
    version = DefinitionVersion.objects.create(
        definition=Definition.objects.get_or_create(pk=1)[0],
        number=10_000,
        threshold=10,
        created_by=actor,
        created_at=now,
    )
    condition = {"field": "source", "op": "is", "value": "web"}
    Criterion.objects.create(version=version, position=1, condition=condition, points=10)
    version.status, version.in_force_from = DefinitionVersion.Status.IN_FORCE, now
    version.save()


def _compared(client: Client, kind: str, source: str) -> str:
    def ours() -> None:
        _post(client, "", _lead(next(_STRANGERS), source), 201)

    def bare() -> None:
        with override_settings(ROOT_URLCONF=__name__):
            _post(client, "", _lead(next(_STRANGERS), source), 201)

    ours()
    first, second = (_recorded(ours) for _time in range(2))
    BareView.statements, BareView.origins = first, _origins(first, second)
    BareView.answer = _post(client, "", _lead(next(_STRANGERS), source), 201).json()
    bare()
    took = {ours: 0.0, bare: 0.0}
    for _round in range(ROUNDS):
        for act in took:
            begin = time.perf_counter()
            for _time in range(TIMES):
                act()
            took[act] += time.perf_counter() - begin
    rates = {act: ROUNDS * TIMES / seconds for act, seconds in took.items()}
    share = rates[ours] / rates[bare]
    return f"{kind}: {rates[ours]:.0f} a second, bare {rates[bare]:.0f} ({len(first)} statements): {share:.0%}"


def _lead(number: int, source: str) -> dict[str, Any]:
    return {
        "full_name": f"Name {number}",
        "company_name": f"Company {number % 300}",
        "email": f"name{number}@company{number % 300}.example",
        "job_title": "Buyer",
        "source": source,
        "touches": [{"kind": "download", "detail": "Guide"}],
    }


def _post(client: Client, path: str, body: Any, status: int) -> Any:
    answer = client.post(f"/api/v1/leads/{path}", json.dumps(body), content_type="application/json")
    if answer.status_code != status:
        raise RuntimeError(f"{answer.status_code}: {answer.text[:300]}")
    return answer


def _recorded(act: Callable[[], None]) -> list[Statement]:
    """What the operation itself executes, in its transaction; signing in and counting requests come before."""
    with _recording() as statements:
        act()
    begin = next(number for number, statement in enumerate(statements) if statement.sql.startswith("SAVEPOINT"))
    return statements[begin:]


@contextmanager
def _recording() -> Iterator[list[Statement]]:
    statements: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        returned: tuple[Any, ...] = ()
        if "RETURNING" in sql:
            cursor = context["cursor"].cursor
            returned = tuple(row[0] for row in cursor.fetchall())
            if returned:
                cursor.scroll(0, mode="absolute")
        statements.append(Statement(sql, tuple(params) if isinstance(params, list) else params, returned))
        return result

    with connection.execute_wrapper(note):
        yield statements


def _origins(first: list[Statement], second: list[Statement]) -> dict[tuple[int, int], tuple[int, int]]:
    """Where ids among the parameters come from: what was the same id of an earlier statement both times."""
    if len(first) != len(second):
        raise RuntimeError("two leads alike took different statements")
    known: dict[tuple[Any, Any], tuple[int, int]] = {}
    origins = {}
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        if isinstance(one.params, tuple) and isinstance(other.params, tuple):
            for slot, pair in enumerate(zip(one.params, other.params, strict=True)):
                if all(isinstance(value, int) for value in pair) and pair in known:
                    origins[number, slot] = known[pair]
        for place, pair in enumerate(zip(one.returned, other.returned, strict=True)):
            if pair[0] != pair[1]:
                known[pair] = (number, place)
    return origins
