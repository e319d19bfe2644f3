"""Whatever people write stands on every page as text: nothing of it runs, is evaluated, or turns the page around."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models import CharField, Field, Model, TextField
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from alignment.kernel.errors import InvalidInput
from handoff.services import activities, decisions
from leads.services import definitions
from leads.services.capture import LeadData, capture_lead
from tests.access import API_ROWS, ROWS, Row
from tests.everything import MARKETER, MARKETING_MANAGER, NOW, REP, SALES_MANAGER, World

HOSTILE = '<img src=x onerror=alert(1)>{{ 7919*7907 }}{% now "Y" %}=1+1\'"&amp;'
OURS = ("accounts", "leads", "handoff", "reviews")
NOT_WORDS = frozenset(
    {"password", "email", "email_domain", "language", "time_zone", "key", "name_key", "code", "token_key", "digest"}
    | {"source_system", "currency", "holiday_country", "default_language", "theme", "token_hash", "external_id"}
    | {"corporate_number", "postal_code"}
)
"""Columns whose values are chosen, computed or checked by their form: nobody writes freely in them."""


def written_by_people(model: type[Model]) -> list[Field]:
    """The columns of a table in which somebody may write what they like."""
    texts = [field for field in model._meta.concrete_fields if isinstance(field, CharField | TextField)]
    return [field for field in texts if not field.choices and not field.primary_key and field.name not in NOT_WORDS]


def tables() -> Iterator[type[Model]]:
    """Our tables but those of history, which refuse to be changed."""
    for app in OURS:
        for model in apps.get_app_config(app).get_models():
            if "append_only" not in {trigger.name for trigger in getattr(model._meta, "triggers", [])}:
                yield model


@pytest.fixture
def written(everything: World) -> World:
    """One of everything, with that text in every free column; where rows must differ, after their number."""
    people = everything.people
    call = {"kind": "call", "outcome": "spoke", "note": HOSTILE}
    activities.record(lead_id=everything.sold.pk, actor=people[REP], now=NOW, **call)
    definitions.send_back(version_id=everything.draft.pk, comment=HOSTILE, actor=people[SALES_MANAGER], now=NOW)
    definitions.propose(version_id=everything.draft.pk, reason=HOSTILE, actor=people[MARKETING_MANAGER], now=NOW)
    for model in tables():
        for row in model._default_manager.all():
            texts = {field.name: f"{row.pk} {HOSTILE}"[: field.max_length] for field in written_by_people(model)}
            if model.__name__ == "DefinitionVersion" and row.status not in ("draft", "proposed"):
                continue  # what is signed stays
            if model.__name__ == "Criterion" and row.version.status not in ("draft", "proposed"):
                continue
            if texts:
                model._default_manager.filter(pk=row.pk).update(**texts)
    return everything


def pages(world: World, rows: tuple[Row, ...]) -> Iterator[tuple[Row, object]]:
    """Every page that is read, as somebody who may; some lead on to another."""
    for row in rows:
        if row.method != "get" or row.public or not row.allowed or row.name in ("schema", "api-docs"):
            continue
        client = Client()
        client.force_login(world.people[sorted(row.allowed)[0]])
        answer = client.get(reverse(row.name, kwargs=row.arguments(world)))
        assert answer.status_code in (200, 302), row.id
        yield row, answer


@pytest.mark.parametrize("language", ["en", "ja"])
def test_on_every_page_it_is_text(written: World, language: str) -> None:
    for person in written.people.values():
        type(person).objects.filter(pk=person.pk).update(language=language)
    seen = 0

    for row, answer in pages(written, ROWS):
        text = answer.getvalue().decode()
        if answer.get("Content-Disposition", "").startswith("attachment"):
            assert answer["X-Content-Type-Options"] == "nosniff", row.id
            continue
        assert "<img src=x" not in text, row.id
        assert str(7919 * 7907) not in text, row.id
        seen += escape("<img src=x") in text

    assert seen > 25, "it has to stand on the pages to show anything"


def test_programs_get_it_as_it_was_written(written: World) -> None:
    seen = 0

    for row, answer in pages(written, API_ROWS):
        assert answer["Content-Type"] == "application/json", row.id
        assert answer["X-Content-Type-Options"] == "nosniff", row.id
        seen += "<img src=x" in str(answer.json())

    assert seen > 5


def test_every_table_with_words_is_tried() -> None:
    tried = {model.__name__ for model in tables() if written_by_people(model)}

    assert {"Lead", "Account", "Campaign", "Deal", "Handoff", "RoutingRule", "RejectionReason", "Team"} <= tried
    assert {
        "User",
        "Organisation",
        "CompanyDay",
        "Absence",
        "Criterion",
        "DefinitionVersion",
        "Review",
        "Action",
    } <= tried


@pytest.mark.parametrize("turn", ["\u202e", "\u202a", "\u2066", "\x00", "\x1b"])
def test_signs_that_turn_a_line_around_or_end_it_are_refused(everything: World, turn: str) -> None:
    data = LeadData(full_name=f"Hanako{turn}gnp.exe")

    with pytest.raises(InvalidInput) as refused:
        capture_lead(data=data, actor=everything.people[MARKETER], now=NOW)
    assert refused.value.field == "full_name"

    with pytest.raises(InvalidInput):
        decisions.accept(handoff_id=everything.handoff.pk, comment=turn, actor=everything.people[REP], now=NOW)
