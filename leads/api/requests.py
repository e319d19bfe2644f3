"""What every operation does with its request."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import QuerySet
from django_filters import FilterSet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


def read(
    serializer_class: type[serializers.Serializer[Any]], request: Request, *, partial: bool = False
) -> dict[str, Any]:
    """The checked body; ``partial``: with nothing in it that was not sent."""
    given = serializer_class(data=request.data, partial=partial)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def shown(serializer_class: type[serializers.Serializer[Any]], facts: Any) -> dict[str, Any]:
    """Facts as the answer tells them. The serializer is made once, which is most of its price; it keeps no state."""
    return dict(_shape(serializer_class).to_representation(facts))


@cache
def _shape(serializer_class: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    return serializer_class()


def narrowed(filter_class: type[FilterSet], request: Request, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that fit the query; raises a validation error that names the parameter at fault."""
    found = filter_class(request.query_params, queryset=rows, request=request)
    if not found.is_valid():
        raise ValidationError(dict(found.errors))
    return found.qs
