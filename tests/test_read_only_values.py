"""What a program may not set is left alone: sent along with a change, it changes nothing more than the change does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from alignment.accounts.models import User
from tests.access import API_ROWS, Row
from tests.everything import OUTSIDER, World

OURS = ("accounts", "leads", "handoff", "reviews")
CHANGES = [row for row in API_ROWS if row.method != "get"]
BODIES: dict[str, Callable[[World], dict[str, Any]]] = {
    "handoff-api:leads": lambda world: {"full_name": "New", "source": "web", "external_id": "A-1"},
    "handoff-api:leads-batch": lambda world: {"items": [{"full_name": "New", "source": "web", "external_id": "A-1"}]},
    "leads-api:touches-batch": lambda world: {"items": [{"kind": "seminar", "lead": {"id": world.lead.pk}}]},
    "leads-api:deal-win": lambda world: {"amount": "100"},
}
"""What makes a change of a request that only has to be let in elsewhere."""
NEW = "new"
"""Stands for the id of a row that the request made."""
Rows = dict[str, list[dict[str, Any]]]


def _read_only(world: World) -> dict[str, Any]:
    """Values that would fit, so that none is left out because it is nonsense."""
    other = world.people[OUTSIDER]
    return {
        "id": world.qualified.pk,
        "role": "admin",
        "side": "marketing",
        "is_staff": True,
        "is_superuser": True,
        "team": other.team_id,
        "owner": other.pk,
        "submitted_by": other.pk,
        "created_by": other.pk,
        "decided_by": other.pk,
        "offered_to": other.pk,
        "actor": other.pk,
        "lead": world.qualified.pk,
        "lead_id": world.qualified.pk,
        "account_id": world.account.pk,
        "handoff_id": world.handoff.pk,
        "deal_id": world.deal.pk,
        "status": "withdrawn",
        "stage": "customer",
        "definition_version": world.draft.pk,
        "points": 1000,
        "created_at": "2001-02-03T04:05:06Z",
        "qualified_at": "2001-02-03T04:05:06Z",
        "won_at": "2001-02-03T04:05:06Z",
        "lost_at": "2001-02-03T04:05:06Z",
        "now": "2001-02-03T04:05:06Z",
    }


def _with(values: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The body with ``values`` beside what it says, also in each of its items."""
    items = {"items": [values | item for item in body["items"]]} if "items" in body else {}
    return values | body | items


def _rows(known: dict[type[Model], list[Any]]) -> Rows:
    return {model._meta.label: [_plain(row, known) for row in model.objects.order_by("pk")] for model in known}


def _plain(row: Model, known: dict[type[Model], list[Any]]) -> dict[str, Any]:
    """All columns of a row; ids of what is new differ from one time to the next."""
    found = {}
    for field in row._meta.concrete_fields:
        value, ids = getattr(row, field.attname), known.get(row.__class__ if field.primary_key else field.related_model)
        if isinstance(value, dict):
            found[field.attname] = _named(value, known)
        else:
            found[field.attname] = NEW if ids is not None and value is not None and value not in ids else value
    return found


def _named(data: dict[str, Any], known: dict[type[Model], list[Any]]) -> dict[str, Any]:
    """What an event keeps, such as ``{"handoff": 7}``."""
    ids = {model._meta.model_name: pks for model, pks in known.items()}
    return {name: NEW if name in ids and value not in ids[name] else value for name, value in data.items()}


def _after(
    client: APIClient, row: Row, world: World, body: dict[str, Any], known: dict[type[Model], list[Any]]
) -> Rows:
    """Every row of ours after one request, undone afterwards."""
    with transaction.atomic():
        answer = getattr(client, row.method)(reverse(row.name, kwargs=row.arguments(world)), body, format="json")
        assert answer.status_code in (200, 201), answer.json()
        found = _rows(known)
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: row.id)
def test_values_that_are_read_only_change_nothing(
    row: Row, everything: World, api: Callable[[User], APIClient], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now.replace(hour=11))
    client = api(everything.people[sorted(row.allowed)[0]])
    body = (row.data or {}) | (BODIES[row.name](everything) if row.name in BODIES else {})
    models = [model for model in apps.get_models() if model._meta.app_label in OURS and not hasattr(model, "pgh_id")]
    known = {model: list(model.objects.values_list("pk", flat=True)) for model in models}

    plain = _after(client, row, everything, body, known)
    given = _after(client, row, everything, _with(_read_only(everything), body), known)

    assert plain != _rows(known)  # it is a change
    assert given == plain
