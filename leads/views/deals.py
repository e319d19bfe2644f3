"""Deals: the list, one deal, and each step as a form of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError, NotAllowed
from alignment.kernel.forms import Form
from leads.forms.deals import DealForm, LoseForm, NewDealForm, WinForm
from leads.forms.filters import DealFilter
from leads.models import Deal
from leads.selectors import deals as selectors
from leads.selectors import exports
from leads.selectors import leads as lead_selectors
from leads.selectors import timeline as story
from leads.selectors.accounts import account_names
from leads.selectors.work import may_work_on
from leads.services import deals as services

PAGE = 25


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """Deals, open ones first expected first, with the next step of their leads."""
    given, deals = _found(request)
    page = Paginator(deals, PAGE).get_page(request.GET.get("page"))
    currency, today = selectors.currency(), timezone.localdate()
    context = {
        "page": page,
        "parts": [selectors.part(deal, viewer=request.user, today=today, currency=currency) for deal in page],
        "totals": selectors.totals(deals, currency=currency),
        "states": [
            {"label": label, "url": _query(given, state=key), "active": given["state"] == key}
            for key, label in DealFilter.STATES
        ],
        "owners": [
            {"label": _("Mine"), "url": _query(given, owner="me"), "active": given.get("owner") == "me"},
            {"label": _("Everybody's"), "url": _query(given, owner=""), "active": not given.get("owner")},
        ],
        "state": given["state"],
        "is_mine": given.get("owner") == "me",
        "my_leads_url": f"{reverse('leads:list')}?owner=me&turn=sales",
        "may_open": request.user.may(Permission.MANAGE_DEAL),
        "today": today,
    }
    return render(request, "leads/deals/list.html", context)


@require_GET
def export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The same deals in the same order as a file."""
    _given, deals = _found(request)
    return answer(request, kind, exports.DEALS, found=deals, columns=exports.DEAL_COLUMNS)


def _found(request: PersonRequest) -> tuple[QueryDict, QuerySet[Deal]]:
    """What was asked for, with what is meant where nothing is said, and the deals that fit."""
    given = request.GET.copy()
    given.setdefault("state", "open")
    if "owner" not in given and request.user.may(Permission.MANAGE_DEAL) and not request.user.is_manager:
        given["owner"] = "me"
    found = DealFilter(given, queryset=selectors.listed(), request=request).qs
    is_open = given["state"] == "open"
    return given, selectors.open_first(found) if is_open else found.order_by("-won_at", "-lost_at", "-pk")


@require_GET
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """One deal with everything that happened to it."""
    return _page(request, selectors.deal_page(pk))


@require_http_methods(["GET", "POST"])
def open_new(request: PersonRequest) -> HttpResponse:
    """Open a deal that sales found itself."""
    return _open(request, lead_id=None)


@require_http_methods(["GET", "POST"])
def open_for_lead(request: PersonRequest, pk: int) -> HttpResponse:
    """Open a deal for a lead that is with sales."""
    return _open(request, lead_id=pk)


@require_POST
def update(request: PersonRequest, pk: int) -> HttpResponse:
    """Change the facts of an open deal."""
    return _step(request, pk, name="change", form_class=DealForm, act=services.update_deal, done=_("Saved."))


@require_POST
def win(request: PersonRequest, pk: int) -> HttpResponse:
    """The customer decided for us."""
    done = _("Won. Congratulations!")
    return _step(request, pk, name="win", form_class=WinForm, act=services.win_deal, done=done)


@require_POST
def lose(request: PersonRequest, pk: int) -> HttpResponse:
    """The customer decided against us."""
    done = _("Recorded. The reason helps both sides.")
    return _step(request, pk, name="lose", form_class=LoseForm, act=services.lose_deal, done=done)


def _open(request: PersonRequest, *, lead_id: int | None) -> HttpResponse:
    if not request.user.may(Permission.MANAGE_DEAL):
        raise NotAllowed(_("Your role does not allow this."))
    lead = lead_selectors.lead_page(lead_id) if lead_id is not None else None
    kind = NewDealForm if lead is None else DealForm
    form = kind(request.POST or None, initial={"name": lead.company_name if lead else ""})
    context: dict[str, Any] = {"lead": lead, "form": form, "unit": selectors.currency_unit(selectors.currency())}
    if lead is None:
        context["company_names"] = account_names()
    if request.method == "GET":
        return render(request, "leads/deals/new.html", context)
    status = 422
    if form.is_valid():
        account = form.cleaned_data.pop("account", None)
        facts = form.cleaned_data | {"lead_id": lead_id, "account_id": account.pk if account else None}
        try:
            deal = services.open_deal(actor=request.user, now=timezone.now(), **facts)
        except DomainError as error:
            form.refuse(error)
            status = 422 if error.http_status == 400 else error.http_status
        else:
            messages.success(request, _("The deal is open."))
            return htmx.redirect(request, "leads:deal-detail", deal.pk)
    return render(request, "leads/deals/new.html", context, status=status)


def _step(
    request: PersonRequest,
    pk: int,
    *,
    name: str,
    form_class: type[Form],
    act: Callable[..., Deal],
    done: str,
) -> HttpResponse:
    """One step of a deal: done leads back to its page, refused shows the form with the reason."""
    deal = selectors.deal_page(pk)
    if not may_work_on(owner=deal.owner, actor=request.user, permission=Permission.MANAGE_DEAL):
        raise NotAllowed(_("Your role does not allow this."))  # before the form, which would ask for more
    form = form_class(request.POST, auto_id=f"id_{name}_%s")
    if isinstance(form, WinForm):
        form.asking_of(deal)
    status = 422
    if form.is_valid():
        try:
            act(deal_id=pk, actor=request.user, now=timezone.now(), **form.cleaned_data)
        except DomainError as error:
            if isinstance(error, NotAllowed):
                raise
            form.refuse(error)
            status = 422 if error.http_status == 400 else error.http_status
        else:
            messages.success(request, done)
            return htmx.redirect(request, "leads:deal-detail", pk)
    return _page(request, selectors.deal_page(pk), forms_given={name: form}, status=status)


def _page(
    request: PersonRequest, deal: Deal, *, forms_given: dict[str, Form] | None = None, status: int = 200
) -> HttpResponse:
    currency = selectors.currency()
    given = forms_given or {}
    part = selectors.part(deal, viewer=request.user, today=timezone.localdate(), currency=currency)
    context: dict[str, Any] = {
        "deal": deal,
        "part": part,
        "currency_unit": selectors.currency_unit(currency),
        "change_form": given.get("change") or DealForm.of(deal),
        "win_form": given.get("win") or WinForm(initial={"amount": deal.amount}, auto_id="id_win_%s").asking_of(deal),
        "lose_form": given.get("lose") or LoseForm(auto_id="id_lose_%s"),
        "opened": next(iter(given), ""),
        "refusals": [error for form in given.values() for error in form.non_field_errors()],
        "has_errors": bool(given),
        "story": [
            {
                "at": event.at,
                "title": story.deal_event_title(event),
                "text": story.deal_event_text(event, currency=currency),
                "icon": "briefcase",
                "side": "sales",
                "actor": event.actor.full_name,
            }
            for event in selectors.events_of(deal)
        ],
    }
    return render(request, "leads/deals/detail.html", context, status=status)


def _query(given: Any, **changes: str) -> str:
    query = given.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"
