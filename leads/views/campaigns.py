"""Campaigns: the list, and the form that makes or changes one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError, NotAllowed
from alignment.kernel.inputs import search_words
from leads.forms.campaigns import CampaignForm, month_words
from leads.rules.costs import outside
from leads.selectors import accounts as selectors
from leads.selectors import deals as deal_selectors
from leads.selectors import exports
from leads.services.campaigns import save_campaign

PAGE = 25


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """Campaigns with their leads, newest first."""
    words = search_words(request.GET.get("q", ""))
    context: dict[str, Any] = {
        "page": Paginator(selectors.campaigns(words=words), PAGE).get_page(request.GET.get("page")),
        "q": words,
        "is_filtered": bool(words),
        "may_edit": request.user.may(Permission.SUBMIT_LEAD),
        "currency": deal_selectors.currency(),
    }
    context["unit"] = deal_selectors.currency_unit(context["currency"])
    context["is_part"] = htmx.wants_partial(request)
    template = "leads/campaigns/_results.html" if context["is_part"] else "leads/campaigns/list.html"
    return render(request, template, context)


@require_GET
def export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The same campaigns in the same order as a file."""
    found = selectors.campaigns(words=search_words(request.GET.get("q", "")))
    return answer(request, kind, exports.CAMPAIGNS, found=found, columns=exports.CAMPAIGN_COLUMNS)


@require_http_methods(["GET", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Plan a campaign."""
    return _form(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Correct a campaign."""
    return _form(request, pk)


def _form(request: PersonRequest, pk: int | None) -> HttpResponse:
    if not request.user.may(Permission.SUBMIT_LEAD):
        raise NotAllowed(_("Your role does not allow this."))
    campaign = selectors.campaign(pk) if pk is not None else None
    costs = selectors.costs_of(campaign) if campaign else {}
    form = CampaignForm(request.POST or None, campaign=campaign, costs=costs)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_campaign(campaign_id=pk, actor=request.user, costs=form.costs(), **form.facts())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            _warn_of_months(request, form)
            if campaign is None:
                return htmx.redirect(request, "leads:campaign-edit", saved.pk)  # its months have lines now
            return htmx.redirect(request, "leads:campaign-list")
    currency = deal_selectors.currency()
    context = {
        "campaign": campaign,
        "form": form,
        "currency": currency,
        "unit": deal_selectors.currency_unit(currency),
        "total": sum(costs.values(), Decimal(0)),
    }
    return render(request, "leads/campaigns/edit.html", context, status=422 if form.errors else 200)


def _warn_of_months(request: PersonRequest, form: CampaignForm) -> None:
    """Say which costs lie outside the period: taken, as deposits are paid before and bills after it."""
    period = {name: form.cleaned_data[name] for name in ("starts_on", "ends_on")}
    spent = {month: amount for month, amount in form.costs().items() if amount}
    if apart := outside(spent, **period):
        words = {"months": pgettext("list separator", ", ").join(map(month_words, apart))}
        messages.warning(request, _("Some costs lie outside the period of the campaign: %(months)s.") % words)
