"""One version judges one lead and thousands alike; what was judged stays readable."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from leads.models import Criterion, DefinitionVersion, Lead, LeadEvent, Verdict
from leads.rules.stages import Stage
from leads.selectors.verdicts import explain
from leads.services.judging import judge
from tests import factories

WEB = {"condition": {"field": "source", "op": "is", "value": "web"}, "points": 10, "why": "Web leads buy."}


def _judge(now: datetime, *leads: Lead) -> dict[int, Verdict]:
    return judge(lead_ids=[lead.pk for lead in leads], now=now)


def test_judging_again_without_a_change_writes_nothing(db: None, now: datetime) -> None:
    factories.version_in_force(WEB)
    lead = factories.lead(source="web")
    first = _judge(now, lead)[lead.pk]

    again = _judge(now + timedelta(days=1), lead)[lead.pk]

    assert again == first
    assert Verdict.objects.count() == LeadEvent.objects.count() == 1


def test_a_lead_that_no_longer_qualifies_goes_back_and_keeps_when_it_first_did(db: None, now: datetime) -> None:
    factories.version_in_force(WEB)
    lead = factories.lead(source="web")
    _judge(now, lead)
    Lead.objects.update(source="fair")

    _judge(now + timedelta(days=1), lead)

    lead.refresh_from_db()
    assert (lead.stage, lead.qualified_at) == (Stage.CAPTURED, now)
    assert [event.kind for event in lead.events.order_by("pk")] == ["qualified", "stage"]


@pytest.mark.parametrize("stage", [Stage.OFFERED, Stage.WITH_SALES, Stage.NURTURE, Stage.CUSTOMER, Stage.PAST])
def test_a_lead_that_is_not_marketings_turn_is_judged_but_stays(db: None, now: datetime, stage: Stage) -> None:
    factories.version_in_force(WEB)
    lead = factories.lead(source="web", stage=stage, qualified_at=now - timedelta(days=9))

    assert _judge(now, lead)[lead.pk].is_qualified

    lead.refresh_from_db()
    assert (lead.stage, lead.qualified_at) == (stage, now - timedelta(days=9))


def test_the_number_of_queries_does_not_grow_with_the_leads(db: None, now: datetime) -> None:
    factories.version_in_force(WEB, {"condition": {"touches": {"kind": "", "at_least": 1}}, "points": 1})

    def cost(count: int) -> int:
        leads = [factories.lead(source="web") for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            _judge(now, *leads)
        return len(queries)

    assert cost(1) == cost(30)


def test_a_verdict_reads_the_same_after_the_definition_was_edited(db: None, now: datetime) -> None:
    version = factories.version_in_force(WEB)
    lead = factories.lead(source="web")
    verdict = _judge(now, lead)[lead.pk]
    before = explain(verdict)

    DefinitionVersion.objects.filter(pk=version.pk).update(status="draft")  # in force the table itself refuses it
    Criterion.objects.update(condition={"field": "source", "op": "is", "value": "fair"}, points=99)

    assert explain(Verdict.objects.get(pk=verdict.pk)) == before


@pytest.mark.parametrize("statement", ["UPDATE leads_verdict SET points = 99", "DELETE FROM leads_verdict"])
def test_the_database_refuses_to_rewrite_a_verdict(db: None, now: datetime, statement: str) -> None:
    factories.version_in_force(WEB)
    _judge(now, factories.lead(source="web"))

    with pytest.raises(InternalError, match="append_only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_change_of_a_lead_leaves_history_also_by_raw_sql(db: None) -> None:
    lead = factories.lead(source="web")
    history: Any = Lead.history.rel.related_model  # type: ignore[attr-defined]

    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_lead SET source = 'fair' WHERE id = %s", [lead.pk])

    sources = history.objects.filter(pgh_obj_id=lead.pk).order_by("pgh_id").values_list("source", flat=True)
    assert list(sources) == ["web", "fair"]


def test_a_lead_whose_stage_does_not_fit_its_verdict_is_put_right_without_a_second_verdict(db: None, now: datetime):
    factories.version_in_force(WEB)
    lead = factories.lead(source="fair")
    _judge(now, lead)
    Lead.objects.filter(pk=lead.pk).update(stage=Stage.QUALIFIED, qualified_at=now)

    _judge(now, lead)

    lead.refresh_from_db()
    assert (lead.stage, lead.verdicts.count()) == (Stage.CAPTURED, 1)
    assert [event.new_stage for event in lead.events.all()] == ["captured"]
