"""Leads for programs. ``LeadsView`` is mounted by the app above, whose door takes new leads in at the same address."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.outputs import LeadDetailOutput, LeadOutput, lead_details, lead_facts
from leads.api.requests import narrowed
from leads.forms.filters import LeadFilter
from leads.models import Lead
from leads.selectors.leads import lead_page, listed

__all__ = ["LeadDetailOutput", "LeadOutput", "LeadView", "LeadsView", "lead_details", "lead_facts"]


class LeadsView(GenericAPIView):
    """All leads, newest first unless ``sort`` says otherwise."""

    queryset = Lead.objects.none()
    serializer_class = LeadOutput
    filterset_class = LeadFilter

    @extend_schema(operation_id="leads_list", responses=LeadOutput(many=True), tags=["leads"])
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(narrowed(LeadFilter, request, listed())) or []
        return self.get_paginated_response(LeadOutput([lead_facts(lead) for lead in page], many=True).data)


class LeadView(APIView):
    """One lead with its touches and its verdict in sentences."""

    @extend_schema(operation_id="leads_read", responses=LeadDetailOutput, tags=["leads"])
    def get(self, request: Request, pk: int) -> Response:
        return Response(LeadDetailOutput(lead_details(lead_page(pk))).data)
