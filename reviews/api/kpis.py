"""Figures and the records behind them, for programs."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alignment.accounts.models import Organisation
from alignment.kernel.errors import InvalidInput
from leads.models import Lead
from reviews.forms.queries import GROUPINGS, read_part, read_scope, write_query
from reviews.kpis.kpi import Figure, Part
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis, GroupBy, Scope
from reviews.selectors.figures import figures
from reviews.selectors.rows import as_row, rows_behind

MOST_MONTHS = 600

SCOPE_PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="First day. Default: this fiscal year."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="The day after the last one: it does not count itself."),
    OpenApiParameter(
        "basis",
        enum=Basis.values,
        description="period: what happened in these days. cohort: what became of the leads captured in them.",
    ),
    OpenApiParameter(
        "group_by",
        enum=[choice.value for choice in GROUPINGS],
        description="Months have keys like 2026-04, owners and campaigns their ids; a blank group has an empty key. "
        "Only deals have a product: in such groups all other figures are null. By month at most 600 months.",
    ),
]


@extend_schema_field({"type": "number", "nullable": True})
class NumberField(serializers.Field[Any, Any, Any, Any]):
    """A number as it is: whole ones without a point."""

    def to_representation(self, value: float | int) -> float | int:
        return value


class FigureOutput(serializers.Serializer[Any]):
    """Counts have only a numerator; sums, means and medians are taken over as many rows as the denominator says."""

    value = NumberField(allow_null=True, help_text="Rates are fractions; null where there is nothing to divide by.")
    numerator = serializers.IntegerField(allow_null=True)
    denominator = serializers.IntegerField(allow_null=True)
    rows_url = serializers.CharField(help_text="The records counted; add part=denominator for those it is divided by.")


class GroupOutput(serializers.Serializer[Any]):
    key = serializers.CharField(allow_blank=True)
    label = serializers.CharField()  # type: ignore[assignment]
    kpis = serializers.DictField(child=FigureOutput())


class KpisOutput(serializers.Serializer[Any]):
    basis = serializers.ChoiceField(choices=Basis.choices)
    to = serializers.DateField(help_text="exclusive")
    total = serializers.DictField(child=FigureOutput())
    groups = GroupOutput(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """``from`` is no name that Python lets an attribute have."""
        return {"from": serializers.DateField(source="start")} | super().get_fields()


class RowOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["lead", "handoff", "deal"])
    id = serializers.IntegerField()
    lead_id = serializers.IntegerField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    company = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    campaign = serializers.CharField()
    owner = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    captured_at = serializers.DateTimeField(allow_null=True)
    value = NumberField(allow_null=True, help_text="What the figure measures on this record: hours, days or money.")


class KpisView(APIView):
    """All figures of a period on one basis, together and by group."""

    @extend_schema(operation_id="kpis_read", parameters=SCOPE_PARAMETERS, responses=KpisOutput, tags=["kpis"])
    def get(self, request: Request) -> Response:
        scope = _scope(request)
        if scope.group_by is GroupBy.MONTH and scope.period.month_count > MOST_MONTHS:
            message = _("By month, ask for %(n)s months at most: let “from” be later or “to” earlier.")
            raise InvalidInput(message % {"n": MOST_MONTHS}, field="from")
        found = figures(period=scope.period, zone=scope.zone, basis=scope.basis, group_by=scope.group_by)
        output = KpisOutput(
            {
                "basis": scope.basis.value,
                "start": scope.period.start,
                "to": scope.period.end,
                "total": _figures(found.total, scope),
                "groups": [
                    {"key": group.key, "label": group.label, "kpis": _figures(group.figures, scope, group.key)}
                    for group in found.groups
                ],
            }
        )
        return Response(output.data)


class KpiRowsView(GenericAPIView):
    """The records behind one figure, newest first."""

    queryset = Lead.objects.none()
    serializer_class = RowOutput
    filter_backends: list[Any] = []

    @extend_schema(
        operation_id="kpis_rows_list",
        parameters=[
            OpenApiParameter("key", location=OpenApiParameter.PATH, enum=[kpi.key for kpi in KPIS]),
            *SCOPE_PARAMETERS,
            OpenApiParameter("group", OpenApiTypes.STR, description="The key of one group (may be empty)."),
            OpenApiParameter("part", enum=Part.values, description="Default: what the figure counts."),
        ],
        responses=RowOutput(many=True),
        tags=["kpis"],
    )
    def get(self, request: Request, key: str) -> Response:
        records = rows_behind(kpi=KPIS[key], scope=_scope(request), part=read_part(request.query_params))
        page = self.paginate_queryset(records) or []
        return self.get_paginated_response(RowOutput([as_row(record) for record in page], many=True).data)


def _scope(request: Request) -> Scope:
    organisation = Organisation.get()
    today = timezone.now().astimezone(organisation.zone).date()
    return read_scope(request.query_params.dict(), organisation=organisation, today=today)


def _figures(found: dict[str, Figure], scope: Scope, group: str | None = None) -> dict[str, dict[str, Any]]:
    query = write_query(scope, group=group)
    return {
        key: {
            "value": figure.value,
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "rows_url": f"{reverse('reviews-api:kpi-rows', args=[key])}?{query}",
        }
        for key, figure in found.items()
    }
