"""A lead comes in from another program: judged at once, and offered to sales when it qualifies."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alignment.accounts.requests import person
from alignment.accounts.scopes import Scope
from alignment.programs.api.once import once
from handoff.api.outputs import HandoffOutput, handoff_facts
from handoff.services.submission import Submission, submit_lead, submit_leads
from leads.api import batches
from leads.api.inputs import LeadInput
from leads.api.leads import LeadOutput, LeadsView, lead_facts
from leads.api.outputs import VerdictOutput, verdict_facts
from leads.api.requests import read, shown
from leads.rules.fields import Vocabulary
from leads.selectors.vocabulary import known
from leads.services.capture import LeadData, TouchData


class LeadsInput(serializers.Serializer[Any]):
    items = LeadInput(many=True, allow_empty=False, max_length=batches.MOST_ITEMS)  # type: ignore[call-arg]


class SubmissionOutput(serializers.Serializer[Any]):
    """The lead, what the definition says of it, and where it went (null: it stays with marketing)."""

    lead = LeadOutput()
    verdict = VerdictOutput(allow_null=True)
    handoff = HandoffOutput(allow_null=True)


class LeadResultOutput(batches.ItemOutput):
    """What became of one lead, as ``leads_create`` tells it; all of it null where it was refused."""

    lead = LeadOutput(allow_null=True)
    verdict = VerdictOutput(allow_null=True)
    handoff = HandoffOutput(allow_null=True)


class LeadsOutput(batches.BatchOutput):
    """What became of each lead, in order."""

    results = LeadResultOutput(many=True)


class LeadsAndSubmissionView(LeadsView):
    """The list of leads, and the door for a new one: one address, two apps."""

    writes = Scope.WRITE_LEADS

    @extend_schema(
        operation_id="leads_create",
        request=LeadInput,
        responses={
            201: SubmissionOutput,
            200: OpenApiResponse(SubmissionOutput, description="It was there already; nothing was changed."),
        },
        tags=["leads"],
    )
    @once
    def post(self, request: Request) -> Response:
        data = _lead_data(read(LeadInput, request))
        done = submit_lead(data=data, actor=person(request), now=timezone.now())
        return Response(shown(SubmissionOutput, _facts(done, request, known())), status=201 if done.is_new else 200)


class LeadBatchView(APIView):
    """Up to 1,000 leads at once; one bad lead never fails the others."""

    writes = Scope.WRITE_LEADS
    weight = batches.WEIGHT

    @extend_schema(operation_id="leads_create_batch", request=LeadsInput, responses=LeadsOutput, tags=["leads"])
    @once
    def post(self, request: Request) -> Response:
        given = batches.items(LeadInput, request)
        new = [_lead_data(item) for item in given if isinstance(item, dict)]
        done = iter(submit_leads(data=new, actor=person(request), now=timezone.now()))
        vocabulary = known()
        results = [_result(next(done) if isinstance(item, dict) else item, request, vocabulary) for item in given]
        return Response(shown(LeadsOutput, batches.counted(results)))


def _result(done: Submission | batches.Refused, request: Request, vocabulary: Vocabulary) -> dict[str, Any]:
    if not isinstance(done, Submission):
        return batches.refused(done) | {"lead": None, "verdict": None, "handoff": None}
    return batches.taken(is_new=done.is_new) | _facts(done, request, vocabulary)


def _lead_data(values: dict[str, Any]) -> LeadData:
    touches = tuple(TouchData(**touch) for touch in values.pop("touches", []))
    return LeadData(**values, touches=touches)


def _facts(done: Submission, request: Request, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "lead": lead_facts(done.lead),
        "verdict": verdict_facts(done.verdict, vocabulary=vocabulary),
        "handoff": handoff_facts(done.handoff, caller=person(request)) if done.handoff else None,
    }
