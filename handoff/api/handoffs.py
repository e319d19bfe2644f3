"""Handoffs for programs: read, accept, reject, withdraw."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alignment.accounts.requests import person
from alignment.accounts.scopes import Scope
from alignment.programs.api.once import once
from handoff.api.outputs import HandoffDetailOutput, HandoffOutput, handoff_details, handoff_facts
from handoff.forms.filters import HandoffApiFilter
from handoff.models import Handoff
from handoff.rules.next_steps import NextStep
from handoff.selectors.handoffs import get_handoff, listing
from handoff.services import decisions
from leads.api.requests import narrowed, read


class CommentInput(serializers.Serializer[Any]):
    """A word about it, if any."""

    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class RejectInput(CommentInput):
    """Why, and what should happen next."""

    reason = serializers.CharField(max_length=40, help_text="The code of one of the agreed reasons.")
    next_step = serializers.ChoiceField(
        choices=NextStep.choices, required=False, allow_null=True, default=None, help_text="Default: the reason's."
    )
    recycle_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Given alone, it means: recycle on this day."
    )


class HandoffsView(GenericAPIView):
    """All handoffs, newest offer first."""

    queryset = Handoff.objects.none()
    serializer_class = HandoffOutput
    filterset_class = HandoffApiFilter

    @extend_schema(operation_id="handoffs_list", responses=HandoffOutput(many=True), tags=["handoffs"])
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(narrowed(HandoffApiFilter, request, listing())) or []
        facts = [handoff_facts(handoff, caller=person(request)) for handoff in page]
        return self.get_paginated_response(HandoffOutput(facts, many=True).data)


class HandoffView(APIView):
    """One handoff with its stamp and clocks."""

    @extend_schema(operation_id="handoffs_read", responses=HandoffDetailOutput, tags=["handoffs"])
    def get(self, request: Request, pk: int) -> Response:
        return _details(request, pk)


class AcceptView(APIView):
    """Take the lead: 409 with who was faster and when, where somebody was."""

    writes = Scope.WRITE_HANDOFFS

    @extend_schema(
        operation_id="handoffs_accept", request=CommentInput, responses=HandoffDetailOutput, tags=["handoffs"]
    )
    @once
    def post(self, request: Request, pk: int) -> Response:
        data = read(CommentInput, request)
        decisions.accept(handoff_id=pk, actor=person(request), now=timezone.now(), **data)
        return _details(request, pk)


class RejectView(APIView):
    """Give the lead back with one of the agreed reasons."""

    writes = Scope.WRITE_HANDOFFS

    @extend_schema(
        operation_id="handoffs_reject", request=RejectInput, responses=HandoffDetailOutput, tags=["handoffs"]
    )
    @once
    def post(self, request: Request, pk: int) -> Response:
        data = read(RejectInput, request)
        decisions.reject(handoff_id=pk, actor=person(request), now=timezone.now(), **data)
        return _details(request, pk)


class WithdrawView(APIView):
    """Marketing takes the offer back before it is decided."""

    writes = Scope.WRITE_HANDOFFS

    @extend_schema(
        operation_id="handoffs_withdraw", request=CommentInput, responses=HandoffDetailOutput, tags=["handoffs"]
    )
    @once
    def post(self, request: Request, pk: int) -> Response:
        data = read(CommentInput, request)
        decisions.withdraw(handoff_id=pk, actor=person(request), now=timezone.now(), **data)
        return _details(request, pk)


def _details(request: Request, pk: int) -> Response:
    facts = handoff_details(get_handoff(pk), caller=person(request))
    return Response(HandoffDetailOutput(facts).data)
