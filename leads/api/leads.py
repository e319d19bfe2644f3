"""Leads for programs. A new lead comes in through the handoff, which stands above: see ``handoff.api.leads``."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from leads.forms.filters import LeadFilter
from leads.models import Lead
from leads.rules.stages import Stage


class LeadOutput(serializers.Serializer[Any]):
    """One lead as it stands now."""

    id = serializers.IntegerField()
    source_system = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    full_name = serializers.CharField()
    full_name_kana = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    job_title = serializers.CharField()
    department = serializers.CharField()
    company_name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    landing_page = serializers.CharField()
    campaign = serializers.CharField(allow_null=True)
    stage = serializers.ChoiceField(choices=Stage.choices)
    owner = serializers.IntegerField(allow_null=True)
    captured_at = serializers.DateTimeField()
    qualified_at = serializers.DateTimeField(allow_null=True)
    first_contacted_at = serializers.DateTimeField(allow_null=True)
    recycle_on = serializers.DateField(allow_null=True)
    next_step_on = serializers.DateField(allow_null=True)


def lead_facts(lead: Lead) -> dict[str, Any]:
    """One lead as ``LeadOutput`` takes it; its campaign should be loaded."""
    facts: dict[str, Any] = {
        name: getattr(lead, name) for name in map(str, LeadOutput().fields) if name not in ("campaign", "owner")
    }
    return facts | {"campaign": lead.campaign.name if lead.campaign else None, "owner": lead.owner_id}


class LeadsView(GenericAPIView):
    """All leads, the latest first."""

    queryset = Lead.objects.none()
    serializer_class = LeadOutput
    filterset_class = LeadFilter

    @extend_schema(operation_id="leads_list", responses=LeadOutput(many=True), tags=["leads"])
    def get(self, request: Request) -> Response:
        leads = Lead.objects.select_related("campaign").order_by("-captured_at", "-pk")
        found = LeadFilter(request.query_params, queryset=leads, request=request)
        if not found.is_valid():
            raise ValidationError(dict(found.errors))
        page = self.paginate_queryset(found.qs) or []
        return self.get_paginated_response(LeadOutput([lead_facts(lead) for lead in page], many=True).data)
