"""Accounts that may be one company: the list, two side by side, and taking a merge back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError
from alignment.kernel.inputs import search_words, whole_number
from leads.rules.merging import COMPANY_FACTS
from leads.selectors import accounts
from leads.selectors import company_duplicates as selectors
from leads.services import company_duplicates, company_merging

PAGE = 25


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """Pairs that somebody has to look at, the likeliest first."""
    page = Paginator(selectors.open_pairs(), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pairs": [(pair, selectors.words_of(pair)) for pair in page],
        "may_merge": request.user.may(Permission.MERGE_LEADS),
    }
    return render(request, "leads/company_duplicates/list.html", context)


@require_GET
def choose(request: PersonRequest, pk: int) -> HttpResponse:
    """With which company one is to be merged: those that resemble it, or whichever the search finds."""
    request.user.require(Permission.MERGE_LEADS)
    account, words = accounts.account(pk), search_words(request.GET.get("q", ""))
    found = accounts.accounts(words=words).exclude(pk=pk)[: selectors.MOST] if words else []
    context = {
        "account": account,
        "q": words,
        "others": [(other, "") for other in found] if words else selectors.resembling(account),
    }
    return render(request, "leads/company_duplicates/choose.html", context)


@require_http_methods(["GET", "POST"])
def compare(request: PersonRequest, pk: int, other: int) -> HttpResponse:
    """Two companies side by side; POST makes them one."""
    request.user.require(Permission.MERGE_LEADS)
    if request.method == "GET":
        return _side_by_side(request, pk, other)
    facts = {name: whole_number(request.POST[name]) or 0 for name in COMPANY_FACTS if name in request.POST}
    try:
        done = company_merging.merge(account_ids=[pk, other], facts=facts, actor=request.user, now=timezone.now())
    except DomainError as error:
        return _side_by_side(request, pk, other, refusal=str(error.message), status=409)
    messages.success(request, _("The two companies are one. You can separate them again below."))
    return htmx.redirect(request, "leads:account-detail", done.survivor_id)


@require_POST
def dismiss(request: PersonRequest, pk: int) -> HttpResponse:
    """They are different companies."""
    company_duplicates.dismiss(suspicion_id=pk, actor=request.user, now=timezone.now())
    messages.success(request, _("Noted: they are different companies and are not suspected again."))
    return htmx.redirect(request, "leads:company-duplicate-list")


@require_POST
def unmerge(request: PersonRequest, pk: int) -> HttpResponse:
    """Two companies again."""
    done = company_merging.unmerge(merge_id=pk, actor=request.user, now=timezone.now())
    messages.success(request, _("They are two companies again, each with what it had."))
    return htmx.redirect(request, "leads:account-detail", done.survivor_id)


def _side_by_side(request: PersonRequest, pk: int, other: int, *, refusal: str = "", status: int = 200) -> HttpResponse:
    comparison = selectors.side_by_side(pk, other)
    context: dict[str, Any] = {"comparison": comparison, "refusal": refusal or comparison.refusal}
    return render(request, "leads/company_duplicates/compare.html", context, status=status)
