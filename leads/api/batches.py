"""Many at once: each is taken or refused for itself, and the answer says what became of each, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from alignment.kernel.api import told
from alignment.kernel.errors import DomainError
from alignment.kernel.schema import ERROR_ITEM

MOST_ITEMS = 1000
WEIGHT = 10
"""As how many single requests a batch counts."""
Refused = DomainError | ValidationError


@extend_schema_field(ERROR_ITEM)
class ErrorField(serializers.DictField):
    """One error, as a request for this item alone would be refused with."""


class ItemStatus(TextChoices):
    """What became of an item."""

    CREATED = "created"
    EXISTING = "existing"
    REFUSED = "refused"


class ItemOutput(serializers.Serializer[Any]):
    """What became of one item; ``errors`` is empty unless it was refused."""

    status = serializers.ChoiceField(choices=ItemStatus.choices)
    errors = serializers.ListField(child=ErrorField())  # type: ignore[assignment]


class BatchOutput(serializers.Serializer[Any]):
    """How many items were created, were there already, or were refused."""

    created = serializers.IntegerField()
    existing = serializers.IntegerField()
    refused = serializers.IntegerField()


def items(serializer_class: type[serializers.Serializer[Any]], request: Request) -> list[dict[str, Any] | Refused]:
    """The items of the body in order, each checked or what it is refused with; refuses a body that is no batch."""
    given = request.data.get("items") if isinstance(request.data, dict) else None
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_ITEMS:
        message = _("Send a list of 1 to %(max)d items.") % {"max": MOST_ITEMS}
        raise ValidationError({"items": [message]}, code="invalid")
    serializer = serializer_class()
    return [_checked(serializer, item) for item in given]


def _checked(serializer: serializers.Serializer[Any], item: Any) -> dict[str, Any] | Refused:
    try:
        return dict(serializer.run_validation(item))
    except ValidationError as refusal:
        return refusal


def refused(error: Refused) -> dict[str, Any]:
    """A refused item as ``ItemOutput`` takes it."""
    return {"status": ItemStatus.REFUSED.value, "errors": told(error)}


def taken(*, is_new: bool) -> dict[str, Any]:
    """An item that was not refused."""
    return {"status": (ItemStatus.CREATED if is_new else ItemStatus.EXISTING).value, "errors": []}


def counted(results: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The whole answer as ``BatchOutput`` and its ``results`` take it."""
    results = list(results)
    found = Counter(result["status"] for result in results)
    return {status: found[status] for status in ItemStatus.values} | {"results": results}
