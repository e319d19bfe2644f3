"""Leads for programs. ``LeadsView`` is mounted by the app above, whose door takes new leads in at the same address."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alignment.accounts.requests import person
from alignment.accounts.scopes import Scope
from alignment.kernel.api import NewestFirst
from leads.api.inputs import LeadChangesInput
from leads.api.outputs import LeadDetailOutput, LeadOutput, lead_details, lead_facts
from leads.api.requests import narrowed, read
from leads.forms.filters import LeadApiFilter
from leads.models import Lead
from leads.selectors.leads import lead_page, listed
from leads.services.campaigns import campaign_of, campaigns_named
from leads.services.leads import update_lead

__all__ = ["LeadDetailOutput", "LeadOutput", "LeadView", "LeadsView", "lead_details", "lead_facts"]


class LeadsView(GenericAPIView):
    """All leads, the newest in our books first; a page tells the address of the next.

    Custom fields narrow it too, by their keys: ``custom.<key>=`` with a part of a text, the value of a choice, or true
    or false; ``custom.<key>.from=`` and ``custom.<key>.to=`` with a number or a day.
    """

    queryset = Lead.objects.none()
    serializer_class = LeadOutput
    filterset_class = LeadApiFilter
    pagination_class = NewestFirst

    @extend_schema(operation_id="leads_list", responses=LeadOutput(many=True), tags=["leads"])
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(narrowed(LeadApiFilter, request, listed())) or []
        return self.get_paginated_response(LeadOutput([lead_facts(lead) for lead in page], many=True).data)


class LeadView(APIView):
    """One lead with its touches and its verdict in sentences."""

    writes = Scope.WRITE_LEADS

    @extend_schema(operation_id="leads_read", responses=LeadDetailOutput, tags=["leads"])
    def get(self, request: Request, pk: int) -> Response:
        return Response(LeadDetailOutput(lead_details(lead_page(pk))).data)

    @extend_schema(operation_id="leads_update", request=LeadChangesInput, responses=LeadDetailOutput, tags=["leads"])
    def patch(self, request: Request, pk: int) -> Response:
        """Correct facts: 409 where somebody changed the same fact after ``seen``. The lead is judged again."""
        facts = read(LeadChangesInput, request, partial=True)
        seen = facts.pop("seen", None)
        if "campaign" in facts:
            facts["campaign"] = campaign_of(facts["campaign"], campaigns_named([facts["campaign"]]))
        update_lead(lead_id=pk, facts=facts, seen=seen, actor=person(request), now=timezone.now())
        return Response(LeadDetailOutput(lead_details(lead_page(pk))).data)
