"""What leads did, told by programs."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alignment.accounts.requests import person
from alignment.accounts.scopes import Scope
from alignment.programs.api.once import once
from leads.api import batches
from leads.api.inputs import NewTouchInput
from leads.api.requests import shown
from leads.services import touches as services
from leads.services.touches import Added, NewTouch


class TouchesInput(serializers.Serializer[Any]):
    items = NewTouchInput(many=True, allow_empty=False, max_length=batches.MOST_ITEMS)  # type: ignore[call-arg]


class TouchResultOutput(batches.ItemOutput):
    """What became of one touch, and whose it is."""

    id = serializers.IntegerField(allow_null=True, help_text="of the touch")
    lead = serializers.IntegerField(allow_null=True, help_text="the id of the lead")


class TouchesOutput(batches.BatchOutput):
    """What became of each touch, in order."""

    results = TouchResultOutput(many=True)


class TouchBatchView(APIView):
    """Up to 1,000 touches at once. Each lead is judged again, once; one bad touch never fails the others."""

    writes = Scope.WRITE_LEADS
    weight = batches.WEIGHT

    @extend_schema(operation_id="touches_create_batch", request=TouchesInput, responses=TouchesOutput, tags=["leads"])
    @once
    def post(self, request: Request) -> Response:
        given = batches.items(NewTouchInput, request)
        new = [_touch(item) for item in given if isinstance(item, dict)]
        done = iter(services.add_touches(touches=new, actor=person(request), now=timezone.now()))
        results = [_result(next(done) if isinstance(item, dict) else item) for item in given]
        return Response(shown(TouchesOutput, batches.counted(results)))


def _touch(item: dict[str, Any]) -> NewTouch:
    lead = item.pop("lead")
    return NewTouch(
        **item, lead_id=lead["id"], source_system=lead["source_system"], lead_external_id=lead["external_id"]
    )


def _result(done: Added | batches.Refused) -> dict[str, Any]:
    if not isinstance(done, Added):
        return batches.refused(done) | {"id": None, "lead": None}
    return batches.taken(is_new=done.is_new) | {"id": done.touch.pk, "lead": done.touch.lead_id}
