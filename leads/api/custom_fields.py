"""The custom fields of leads for programs: which keys ``custom`` of a lead has, and what each takes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.models import CustomField
from leads.rules.custom import Kind
from leads.selectors.custom_fields import all_fields


class CustomFieldChoiceOutput(serializers.Serializer[Any]):
    value = serializers.CharField(help_text="what custom of a lead takes and tells")
    ja = serializers.CharField()
    en = serializers.CharField()


class CustomFieldOutput(serializers.Serializer[Any]):
    """A fact of leads that this company has defined. Key and values of choices never change."""

    key = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=Kind.choices,
        help_text="text (up to 500 characters), number (6 places), date (2026-01-05), choice, yes_no (true, false)",
    )
    label_ja = serializers.CharField()
    label_en = serializers.CharField()
    help_ja = serializers.CharField()
    help_en = serializers.CharField()
    choices = CustomFieldChoiceOutput(many=True)
    is_required = serializers.BooleanField(help_text="people are asked for it with every new lead; programs need not")
    is_retired = serializers.BooleanField(help_text="not offered to people any more; still taken and told")


class CustomFieldsView(APIView):
    """Every custom field, in the order of the forms, the retired ones too."""

    @extend_schema(operation_id="custom_fields_list", responses=CustomFieldOutput(many=True), tags=["leads"])
    def get(self, request: Request) -> Response:
        return Response(CustomFieldOutput([_facts(field) for field in all_fields()], many=True).data)


def _facts(field: CustomField) -> dict[str, Any]:
    names = ("key", "kind", "label_ja", "label_en", "help_ja", "help_en", "choices", "is_required")
    return {name: getattr(field, name) for name in names} | {"is_retired": field.retired_at is not None}
