"""What every operation does with its request."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import FilterSet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


def read(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The checked body."""
    given = serializer_class(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def narrowed(filter_class: type[FilterSet], request: Request, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that fit the query; raises a validation error that names the parameter at fault."""
    found = filter_class(request.query_params, queryset=rows, request=request)
    if not found.is_valid():
        raise ValidationError(dict(found.errors))
    return found.qs
