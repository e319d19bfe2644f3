"""All handoffs, one handoff, and the part that the page of a lead shows."""

from __future__ import annotations

from datetime import datetime

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer
from alignment.kernel.htmx import wants_partial
from handoff.forms.filters import HandoffListFilter
from handoff.models import Handoff
from handoff.rules.workflow import Status
from handoff.selectors import exports, handoffs, history
from handoff.selectors.cards import criteria
from handoff.selectors.sentences import next_step, why_here
from handoff.selectors.time_left import TimeLeft, time_left
from handoff.views.cards import answers, card_of
from leads.rules.stages import Stage
from leads.selectors.leads import lead_page

PER_PAGE = 25


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """Every handoff, newest first, narrowed by status, team, person and name."""
    found = HandoffListFilter(request.GET, queryset=handoffs.listing(), request=request)
    page = Paginator(found.qs, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": _rows(page, timezone.now()),
        "form": found.form,
        "is_filtered": any(request.GET.get(name) for name in found.filters),
    }
    template = "handoff/_table.html" if wants_partial(request) else "handoff/list.html"
    return render(request, template, context)


@require_GET
def export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The same handoffs in the same order as a file."""
    found = HandoffListFilter(request.GET, queryset=handoffs.listing(), request=request)
    return answer(request, kind, exports.HANDOFFS, found=found.qs, columns=exports.handoff_columns())


@require_GET
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """One handoff: decidable while it waits, and with everything it was stamped with."""
    now = timezone.now()
    handoff = handoffs.get_handoff(pk)
    reason = handoff.reason.code if handoff.reason else ""
    context = {
        "handoff": handoff,
        "card": card_of(handoff, viewer=request.user, now=now),
        "answers": answers(history.reasons_in_use(), now),
        "story": history.story(handoff),
        "clocks": history.clocks_of(handoff),
        "facts": history.stamped_facts(handoff.stamp),
        "touches": history.stamped_touches(handoff.stamp),
        "criteria": criteria(handoff.verdict),
        "why": why_here(handoff.routing),
        "tried": history.tried(handoff.routing),
        "follows": next_step(handoff.next_step, handoff.recycle_on, reason=reason),
    }
    return render(request, "handoff/detail.html", context)


@require_GET
def panel(request: PersonRequest, lead_pk: int) -> HttpResponse:
    """All handoffs of one lead: the part that the page of the lead loads."""
    lead = lead_page(lead_pk)
    found = list(history.of_lead(lead_pk))
    context = {
        "lead": lead,
        "handoffs": found,
        "latest": card_of(found[0], viewer=request.user, now=timezone.now()) if found else None,
        "may_hand_over": lead.stage == Stage.QUALIFIED and request.user.may(Permission.SUBMIT_LEAD),
    }
    template = "handoff/_panel.html" if wants_partial(request) else "handoff/panel.html"
    return render(request, template, context)


def _rows(page: Page[Handoff], now: datetime) -> list[tuple[Handoff, TimeLeft | None]]:
    left = time_left((handoff for handoff in page if handoff.status == Status.OFFERED), now=now)
    return [(handoff, left.get(handoff.pk)) for handoff in page]
