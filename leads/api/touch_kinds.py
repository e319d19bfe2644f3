"""The kinds of touch for programs: which ``kind`` a touch may have."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.selectors.touch_kinds import kinds


class TouchKindOutput(serializers.Serializer[Any]):
    """Something that a lead can do with marketing's work, as this company calls it. A key never changes."""

    key = serializers.CharField(help_text="what kind of a touch takes and tells")
    label_ja = serializers.CharField()
    label_en = serializers.CharField()
    is_active = serializers.BooleanField(help_text="in use: a new touch may be of this kind; others are only told")


class TouchKindsView(APIView):
    """Every kind of touch, those in use first, in the order of the forms."""

    @extend_schema(operation_id="touch_kinds_list", responses=TouchKindOutput(many=True), tags=["leads"])
    def get(self, request: Request) -> Response:
        return Response(TouchKindOutput(kinds(), many=True).data)
