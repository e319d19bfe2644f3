"""Every operation of the API is asked with what its schema allows and with what it does not, by both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

from alignment.accounts.models import ApiToken, User
from alignment.wsgi import application
from handoff.services.offers import hand_over
from leads.services import deals
from reviews.kpis.registry import KPIS
from tests import factories

EXAMPLES = 100
"""Of each kind, allowed and not allowed, for each operation and person."""
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_path("tests/openapi.yaml")
SCHEMA.app = application
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}


@dataclass
class World:
    """One of everything, and the values that lead to it: chance alone would hardly ever name something that exists."""

    people: dict[str, User]
    known: dict[str, dict[str, list[object]]] = field(default_factory=dict)

    def names(self, path: str) -> dict[str, list[object]]:
        """The names in this path, or in bodies sent to it, and what they may be."""
        return {name: values for part, names in self.known.items() if part in path for name, values in names.items()}


@pytest.fixture
def world(mai: User, ren: User, now) -> World:
    """An offer to Ren, a lead of his with an open deal, and one that is won."""
    factories.version_in_force(
        {"condition": {"field": "employees", "op": "at_least", "value": 100}, "points": 10, "why": "Budget"}
    )
    factories.routing_rule(ren.team)
    offer = hand_over(lead_id=factories.qualified_lead(source="fair").pk, actor=mai, now=now)
    lead = factories.qualified_lead(stage="with_sales", owner=ren)
    open_deal = deals.open_deal(
        lead_id=lead.pk, actor=ren, now=now, name="Machines", amount=None, expected_on=None, product=""
    )
    won = factories.deal(lead=factories.lead(stage="with_sales", owner=ren), owner=ren, won_at=now, amount=5)
    campaign = factories.campaign("Spring fair")
    return World(
        people={"rep": ren, "marketer": mai},
        known={
            "/leads/": {"id": [offer.lead_id, lead.pk], "campaign": ["", campaign.name], "email": ["", "a@b.example"]},
            "/leads/batch/": {"items": [[{"email": "a@b.example", "source": "fair"}, {"email": "a"}]]},
            "/touches/batch/": {"items": [[{"kind": "seminar", "lead": {"id": lead.pk}}, {"kind": "wink"}]]},
            "/handoffs/": {"id": [offer.pk]},
            "/reject/": {"reason": [factories.rejection_reason().code]},
            "/deals/": {"id": [open_deal.pk, won.pk], "amount": [None, "5"]},
            "/leads/{id}/deals/": {"id": [lead.pk]},
            "/definitions/": {"number": [1]},
            "/kpis/": {"key": [kpi.key for kpi in KPIS]},
        },
    )


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Let requests run in the test's transaction."""
    both = signals.request_started, signals.request_finished
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("who", ["rep", "marketer"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_operation_fails_or_answers_what_it_does_not_document(label, who, world, measured):
    operation, names = OPERATIONS[label], world.names(OPERATIONS[label].path)
    _token, secret = ApiToken.objects.create(user=world.people[who], name="fuzz", last_used_at=timezone.now())
    answers: Counter[int] = Counter()

    def ask(case, data) -> None:
        if data.draw(st.booleans()):  # something that is there
            given = {name: data.draw(st.sampled_from(values)) for name, values in names.items()}
            case.path_parameters.update({name: given[name] for name in case.path_parameters if name in given})
            if isinstance(case.body, dict):
                case.body.update(given)
        with transaction.atomic():
            response = case.call(base_url="http://testserver", headers={"Authorization": f"Token {secret}"})
            transaction.set_rollback(True)
        answers[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    for mode in GenerationMode:
        cases = operation.as_strategy(generation_mode=mode)
        run = settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        run(given(case=cases, data=st.data())(ask))()

    measured(f"{dict(sorted(answers.items()))}")
    assert set(answers) - {400, 401, 404}, "only refused for its input, its token or a thing that is not there"
