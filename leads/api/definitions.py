"""The joint contract for programs: read only, it is signed by people."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.outputs import DefinitionVersionOutput, version_facts
from leads.models import DefinitionVersion
from leads.selectors import definitions as selectors
from leads.selectors.vocabulary import known


class DefinitionsView(GenericAPIView):
    """Every version, newest first, with its criteria as sentences and as trees."""

    queryset = DefinitionVersion.objects.none()
    serializer_class = DefinitionVersionOutput
    filter_backends: list[Any] = []

    @extend_schema(operation_id="definitions_list", responses=DefinitionVersionOutput(many=True), tags=["definitions"])
    def get(self, request: Request) -> Response:
        page, vocabulary = self.paginate_queryset(selectors.all_versions()) or [], known()
        facts = [version_facts(version, vocabulary) for version in page]
        return self.get_paginated_response(DefinitionVersionOutput(facts, many=True).data)


class DefinitionView(APIView):
    """One version."""

    @extend_schema(operation_id="definitions_read", responses=DefinitionVersionOutput, tags=["definitions"])
    def get(self, request: Request, number: int) -> Response:
        return Response(DefinitionVersionOutput(version_facts(selectors.version_numbered(number), known())).data)
