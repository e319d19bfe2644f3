"""What waits for a decision of this person."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer
from handoff.selectors import exports, handoffs
from handoff.selectors.history import reasons_in_use
from handoff.views.cards import answers


@require_GET
def inbox(request: PersonRequest) -> HttpResponse:
    """Offers, most urgent first, each to be decided from its card; below, what was decided today."""
    if not request.user.may(Permission.DECIDE_HANDOFF):
        return render(request, "handoff/inbox_of_sales.html", status=403)
    now = timezone.now()
    found = handoffs.inbox(request.user, now)
    context = {"inbox": found, "answers": answers(reasons_in_use(), now), "today": now}
    return render(request, "handoff/inbox.html", context)


@require_GET
def export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """What waits for a decision of this person, all of it, as a file."""
    request.user.require(Permission.DECIDE_HANDOFF)
    found = handoffs.waiting_for(request.user)
    return answer(request, kind, exports.INBOX, found=found, columns=exports.handoff_columns())
