"""Deals for programs: list, open, change, win, lose."""

from __future__ import annotations

from decimal import Decimal
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
from leads.api.outputs import DealOutput, deal_facts
from leads.api.requests import narrowed, read
from leads.forms.filters import DealFilter
from leads.models import Deal
from leads.selectors.deals import deal_page, listed
from leads.services import deals as services


def _amount(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=16, decimal_places=2, min_value=Decimal(0), required=False, allow_null=True, default=None, **options
    )


class DealInput(serializers.Serializer[Any]):
    """The facts of a deal."""

    name = serializers.CharField(max_length=200)
    amount = _amount(help_text="in the organisation's currency")
    expected_on = serializers.DateField(required=False, allow_null=True, default=None)
    product = serializers.CharField(required=False, allow_blank=True, max_length=100, default="")


class WinInput(serializers.Serializer[Any]):
    """Why it was won, and for how much."""

    reason = serializers.ChoiceField(choices=Deal.WinReason.choices)
    amount = _amount(help_text="Default: as it stands.")


class LoseInput(serializers.Serializer[Any]):
    """Why it was lost."""

    reason = serializers.ChoiceField(choices=Deal.LossReason.choices)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class DealsView(GenericAPIView):
    """All deals, newest first."""

    queryset = Deal.objects.none()
    serializer_class = DealOutput
    filterset_class = DealFilter

    @extend_schema(operation_id="deals_list", responses=DealOutput(many=True), tags=["deals"])
    def get(self, request: Request) -> Response:
        found = narrowed(DealFilter, request, listed()).order_by("-opened_at", "-pk")
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response(DealOutput([deal_facts(deal) for deal in page], many=True).data)


class DealView(APIView):
    """One deal."""

    writes = Scope.WRITE_DEALS

    @extend_schema(operation_id="deals_read", responses=DealOutput, tags=["deals"])
    def get(self, request: Request, pk: int) -> Response:
        return _answer(pk)

    @extend_schema(operation_id="deals_update", request=DealInput, responses=DealOutput, tags=["deals"])
    def put(self, request: Request, pk: int) -> Response:
        services.update_deal(deal_id=pk, actor=person(request), now=timezone.now(), **read(DealInput, request))
        return _answer(pk)


class LeadDealsView(APIView):
    """The deals of one lead."""

    writes = Scope.WRITE_DEALS

    @extend_schema(operation_id="leads_open_deal", request=DealInput, responses={201: DealOutput}, tags=["deals"])
    @once
    def post(self, request: Request, pk: int) -> Response:
        facts = read(DealInput, request)
        deal = services.open_deal(lead_id=pk, actor=person(request), now=timezone.now(), **facts)
        return _answer(deal.pk, status=201)


class WinView(APIView):
    """Win a deal: 409 where it is closed already."""

    writes = Scope.WRITE_DEALS

    @extend_schema(operation_id="deals_win", request=WinInput, responses=DealOutput, tags=["deals"])
    @once
    def post(self, request: Request, pk: int) -> Response:
        services.win_deal(deal_id=pk, actor=person(request), now=timezone.now(), **read(WinInput, request))
        return _answer(pk)


class LoseView(APIView):
    """Lose a deal: 409 where it is closed already."""

    writes = Scope.WRITE_DEALS

    @extend_schema(operation_id="deals_lose", request=LoseInput, responses=DealOutput, tags=["deals"])
    @once
    def post(self, request: Request, pk: int) -> Response:
        services.lose_deal(deal_id=pk, actor=person(request), now=timezone.now(), **read(LoseInput, request))
        return _answer(pk)


def _answer(pk: int, *, status: int = 200) -> Response:
    return Response(DealOutput(deal_facts(deal_page(pk))).data, status=status)
