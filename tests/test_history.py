"""What the database refuses, whoever asks: not the services are trusted with history but the tables themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import InternalError, connection, transaction
from django.db.models import Model

from alignment.exports.models import Export
from alignment.kernel.history import MAY_EMPTY
from handoff.models import Handoff
from handoff.services import activities, decisions
from leads.models import Criterion, DefinitionVersion, Signature
from reviews.models import AgendaItem, Review, ReviewSeries
from tests.everything import NOW, REP, World

OURS = ("accounts", "exports", "leads", "handoff", "reviews")


def guarded(name: str) -> list[type[Model]]:
    """The models whose tables carry this trigger."""
    models = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    return [model for model in models if name in {trigger.name for trigger in getattr(model._meta, "triggers", [])}]


HISTORY = guarded("append_only")


@pytest.fixture
def lived(everything: World) -> World:
    """One of everything, and something in every table of history."""
    call = {"kind": "call", "outcome": "spoke"}
    activities.record(lead_id=everything.sold.pk, actor=everything.people[REP], now=NOW, **call)
    AgendaItem.objects.create(review=everything.review, kind="breach", position=99, data={})
    Export.objects.create(actor=everything.people[REP], at=NOW, listing="leads:export", kind="csv", row_count=1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what still waits would refuse a TRUNCATE by itself
    return everything


@pytest.fixture(autouse=True)
def _as_in_production(db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {MAY_EMPTY} = ''")
    return


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_event_and_every_version_of_a_row_is_history() -> None:
    named = {model.__name__ for model in HISTORY}

    assert {"HandoffEvent", "LeadEvent", "DealEvent", "VersionEvent", "Verdict", "Activity", "Snapshot"} <= named
    assert {"LeadHistory", "HandoffHistory", "DealHistory", "DefinitionVersionHistory", "UserHistory"} <= named


@pytest.mark.parametrize("model", HISTORY, ids=lambda model: model.__name__)
def test_history_is_neither_changed_nor_removed_nor_emptied(lived: World, model: type[Model]) -> None:
    table, key = model._meta.db_table, model._meta.pk.column
    assert model._default_manager.exists(), "without a row nothing would be refused"

    for statement in (f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(InternalError, match="pgtrigger: Cannot"):
            run(statement)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE leads_criterion SET points = 99",
        "DELETE FROM leads_criterion",
        "INSERT INTO leads_criterion (version_id, position, kind, condition, points, why)"
        " SELECT version_id, 90, kind, condition, points, why FROM leads_criterion LIMIT 1",
        "UPDATE leads_definitionversion SET threshold = 1",
        "UPDATE leads_definitionversion SET number = 90",
    ],
)
def test_what_both_sides_have_signed_stays(everything: World, change: str) -> None:
    DefinitionVersion.objects.filter(status="proposed").update(status="withdrawn")

    with pytest.raises(InternalError, match="pgtrigger: Cannot"):
        run(change)


def test_a_draft_may_change(everything: World) -> None:
    changed = Criterion.objects.filter(version=everything.draft).update(points=9)

    assert changed


@pytest.mark.parametrize("change", [{"side": "sales"}, {"signed_by_id": 1}, {"signed_at": NOW.replace(year=2020)}])
def test_a_signature_stays(everything: World, change: dict[str, object]) -> None:
    with pytest.raises(InternalError, match="pgtrigger: Cannot"), transaction.atomic():
        Signature.objects.filter(side="marketing").update(**change)


@pytest.mark.parametrize(
    "change", [{"stamp": {}}, {"routing": {}}, {"verdict": None}, {"offered_at": NOW.replace(year=2020)}]
)
def test_the_stamp_of_a_handoff_stays(everything: World, change: dict[str, object]) -> None:
    with pytest.raises(InternalError, match="pgtrigger: Cannot"), transaction.atomic():
        Handoff.objects.filter(pk=everything.handoff.pk).update(**change)


@pytest.mark.parametrize(
    "change", [{"starts_on": "2026-02-01"}, {"ends_on": "2026-04-02"}, {"starts_on": "2026-02-01", "status": "open"}]
)
def test_a_review_stays_the_review_of_its_month(everything: World, change: dict[str, object]) -> None:
    with pytest.raises(InternalError, match="pgtrigger: Cannot"), transaction.atomic():
        Review.objects.filter(pk=everything.review.pk).update(**change)


def test_a_review_stays_in_its_series(everything: World) -> None:
    other = ReviewSeries.objects.create(key="other", name_en="Other", name_ja="他", first_month="2026-01-01")

    with pytest.raises(InternalError, match="pgtrigger: Cannot"), transaction.atomic():
        Review.objects.filter(pk=everything.review.pk).update(series=other)


def test_a_handoff_is_still_decided(everything: World) -> None:
    handoff = decisions.accept(handoff_id=everything.handoff.pk, actor=everything.people[REP], now=NOW)

    assert handoff.status == "accepted"
