"""Companies: the list, and one with its leads and deals."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError, NotAllowed
from alignment.kernel.inputs import search_words
from leads.forms.leads import AccountForm
from leads.selectors import accounts as selectors
from leads.selectors import company_duplicates, exports, suggestions
from leads.selectors import deals as deal_selectors
from leads.selectors import leads as lead_selectors
from leads.selectors.side_by_side import merges_of
from leads.services.accounts import update_account

PAGE = 25


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """Companies by name, industry or corporate number, key accounts first."""
    words, key_only, found = _found(request)
    context: dict[str, Any] = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "q": words,
        "key_only": key_only,
        "is_filtered": bool(words or key_only),
        "duplicate_count": company_duplicates.open_pairs().count() if request.user.may(Permission.MERGE_LEADS) else 0,
    }
    context["is_part"] = htmx.wants_partial(request)
    template = "leads/accounts/_results.html" if context["is_part"] else "leads/accounts/list.html"
    return render(request, template, context)


@require_GET
def export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The same companies in the same order as a file."""
    _words, _key_only, found = _found(request)
    return answer(request, kind, exports.ACCOUNTS, found=found, columns=exports.ACCOUNT_COLUMNS)


def _found(request: HttpRequest) -> tuple[str, bool, QuerySet[Any]]:
    """What was asked for: words, key accounts only, and the companies that fit."""
    words, key_only = search_words(request.GET.get("q", "")), request.GET.get("key") == "1"
    return words, key_only, selectors.accounts(words=words, key_only=key_only)


@require_http_methods(["GET", "POST"])
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """One company; POST corrects its facts."""
    account = selectors.account(pk)
    may_edit = account.stands and request.user.may(Permission.EDIT_LEAD)
    form = AccountForm(request.POST or None, account=account)
    if request.method == "POST":
        if not may_edit:
            raise NotAllowed(_("Your role does not allow this."))
        if form.is_valid():
            try:
                update_account(account_id=pk, actor=request.user, now=timezone.now(), **form.facts())
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Saved. The company's leads were judged again."))
                return htmx.redirect(request, "leads:account-detail", pk)
    currency, today = deal_selectors.currency(), timezone.localdate()
    deals = deal_selectors.open_first(deal_selectors.listed().filter(account=account))[:PAGE]
    context = {
        "account": account,
        "form": form,
        "subsidiaries": selectors.subsidiaries(account),
        "known": suggestions.known(["industry", "prefecture"]) if may_edit else {},
        "company_names": selectors.account_names() if may_edit else [],
        "may_edit": may_edit,
        "may_merge": request.user.may(Permission.MERGE_LEADS),
        "merges": merges_of(account),
        "page": Paginator(
            lead_selectors.listed().filter(account=account).order_by("-captured_at", "-pk"), PAGE
        ).get_page(request.GET.get("page")),
        "deals": [deal_selectors.part(deal, viewer=request.user, today=today, currency=currency) for deal in deals],
        "today": today,
        "now": timezone.now(),
    }
    return render(request, "leads/accounts/detail.html", context, status=422 if form.errors else 200)
