"""A lead comes in from another program: judged at once, and offered to sales when it qualifies."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from alignment.accounts.requests import person
from handoff.api.outputs import HandoffOutput, handoff_facts
from handoff.selectors.handoffs import get_handoff
from handoff.services.submission import Submission, submit_lead
from leads.api.leads import LeadOutput, LeadsView, lead_facts
from leads.api.outputs import VerdictOutput, verdict_facts
from leads.api.requests import read
from leads.rules.fields import TouchKind
from leads.services.capture import LeadData, TouchData

LONGEST_NOTE = 5000
MOST_TOUCHES = 200


class TouchInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=TouchKind.choices)
    at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="Default: captured_at.")
    detail = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")


def _text(longest: int) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, max_length=longest, default="")


class LeadInput(serializers.Serializer[Any]):
    """At least a name, an e-mail address or a company. ``source_system`` with ``external_id`` makes it idempotent."""

    full_name = _text(200)
    full_name_kana = _text(200)
    email = _text(254)
    phone = _text(30)
    company_name = _text(200)
    job_title = _text(100)
    department = _text(100)
    industry = _text(100)
    prefecture = _text(20)
    employee_count = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10_000_000, default=None
    )
    source = _text(100)  # type: ignore[assignment]
    landing_page = _text(300)
    campaign = serializers.CharField(
        required=False, allow_blank=True, max_length=200, default="", help_text="The name of a campaign that exists."
    )
    note = _text(LONGEST_NOTE)
    captured_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="Default: now.")
    source_system = serializers.CharField(required=False, max_length=50, default="api")
    external_id = serializers.CharField(required=False, allow_null=True, max_length=200, default=None)
    touches = TouchInput(many=True, required=False, max_length=MOST_TOUCHES)  # type: ignore[call-arg]
    custom = serializers.DictField(required=False)


class SubmissionOutput(serializers.Serializer[Any]):
    """The lead, what the definition says of it, and where it went (null: it stays with marketing)."""

    lead = LeadOutput()
    verdict = VerdictOutput(allow_null=True)
    handoff = HandoffOutput(allow_null=True)


class LeadsAndSubmissionView(LeadsView):
    """The list of leads, and the door for a new one: one address, two apps."""

    @extend_schema(
        operation_id="leads_create",
        request=LeadInput,
        responses={
            201: SubmissionOutput,
            200: OpenApiResponse(SubmissionOutput, description="It was there already; nothing was changed."),
        },
        tags=["leads"],
    )
    def post(self, request: Request) -> Response:
        data = _lead_data(read(LeadInput, request))
        done = submit_lead(data=data, actor=person(request), now=timezone.now())
        return Response(SubmissionOutput(_facts(done, request)).data, status=201 if done.is_new else 200)


def _lead_data(values: dict[str, Any]) -> LeadData:
    touches = tuple(TouchData(**touch) for touch in values.pop("touches", []))
    return LeadData(**values, touches=touches)


def _facts(done: Submission, request: Request) -> dict[str, Any]:
    handoff = get_handoff(done.handoff.pk) if done.handoff else None
    return {
        "lead": lead_facts(done.lead),
        "verdict": verdict_facts(done.verdict),
        "handoff": handoff_facts(handoff, caller=person(request)) if handoff else None,
    }
