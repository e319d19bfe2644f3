"""Leads that may be one person: the list, two side by side, and taking a merge back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError
from alignment.kernel.inputs import search_words, whole_number
from leads.rules.merging import FACTS
from leads.selectors import duplicates as selectors
from leads.selectors import exports
from leads.selectors.leads import lead_page
from leads.services import duplicates, merging

PAGE = 25


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """Pairs that somebody has to look at, the likeliest first."""
    page = Paginator(selectors.open_pairs(), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pairs": [(pair, selectors.evidence_words(pair.evidence)) for pair in page],
        "may_merge": request.user.may(Permission.MERGE_LEADS),
    }
    return render(request, "leads/duplicates/list.html", context)


@require_GET
def export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The same pairs as a file."""
    return answer(request, kind, exports.DUPLICATES, found=selectors.open_pairs(), columns=exports.DUPLICATE_COLUMNS)


@require_GET
def choose(request: PersonRequest, pk: int) -> HttpResponse:
    """With whom a lead is to be merged: those who resemble it, or whoever the search finds."""
    request.user.require(Permission.MERGE_LEADS)
    lead, words = lead_page(pk), search_words(request.GET.get("q", ""))
    context = {
        "lead": lead,
        "q": words,
        "found": selectors.searched(lead, words=words) if words else [],
        "alike": [] if words else selectors.alike(lead),
    }
    return render(request, "leads/duplicates/choose.html", context)


@require_http_methods(["GET", "POST"])
def compare(request: PersonRequest, pk: int, other: int) -> HttpResponse:
    """Two leads side by side; POST makes them one."""
    request.user.require(Permission.MERGE_LEADS)
    if request.method == "GET":
        return _side_by_side(request, pk, other)
    facts = {name: whole_number(request.POST[name]) or 0 for name in FACTS if name in request.POST}
    try:
        done = merging.merge(lead_ids=[pk, other], facts=facts, actor=request.user, now=timezone.now())
    except DomainError as error:
        return _side_by_side(request, pk, other, refusal=str(error.message), status=409)
    messages.success(request, _("The two leads are one. You can separate them again below."))
    return htmx.redirect(request, "leads:detail", done.survivor_id)


@require_POST
def dismiss(request: PersonRequest, pk: int) -> HttpResponse:
    """They are different people."""
    duplicates.dismiss(suspicion_id=pk, actor=request.user, now=timezone.now())
    messages.success(request, _("Noted: they are different people and are not suspected again."))
    return htmx.redirect(request, "leads:duplicate-list")


@require_POST
def unmerge(request: PersonRequest, pk: int) -> HttpResponse:
    """Two leads again."""
    done = merging.unmerge(merge_id=pk, actor=request.user, now=timezone.now())
    messages.success(request, _("They are two leads again, each with what it had."))
    return htmx.redirect(request, "leads:detail", done.survivor_id)


def _side_by_side(request: PersonRequest, pk: int, other: int, *, refusal: str = "", status: int = 200) -> HttpResponse:
    comparison = selectors.side_by_side(pk, other)
    context: dict[str, Any] = {"comparison": comparison, "refusal": refusal or comparison.refusal}
    return render(request, "leads/duplicates/compare.html", context, status=status)
