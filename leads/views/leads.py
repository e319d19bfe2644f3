"""Leads: the list, one lead, its facts and its touches."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError, NotAllowed
from leads.forms.activities import activity_forms
from leads.forms.filters import LeadFilter, LeadListFilter
from leads.forms.leads import LeadForm, TouchForm
from leads.models import Lead
from leads.rules.sentences import say_fact
from leads.selectors import capture_forms, duplicates, exports, suggestions, work
from leads.selectors import deals as deal_selectors
from leads.selectors import leads as selectors
from leads.selectors import timeline as story
from leads.selectors.custom_fields import known, listed_fields
from leads.selectors.side_by_side import merges_of
from leads.services import leads as services
from leads.services import touches
from leads.services.activities import WITH_SALES
from leads.services.leads import ChangedMeanwhile

PAGE = 25


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """Search, filter and sort all leads; the same list for both sides."""
    own = listed_fields()
    found = LeadListFilter(request.GET, queryset=selectors.listed(), request=request, own=own)
    others = request.GET.copy()
    others.pop("turn", None)
    others.pop("page", None)
    everywhere = LeadFilter(others, queryset=Lead.objects.all(), request=request, own=own)  # counted, never shown
    context: dict[str, Any] = {
        "filter": found,
        "own": own,
        "page": Paginator(found.qs, PAGE).get_page(request.GET.get("page")),
        "tabs": _tabs(request, others.urlencode(), selectors.counts_by_turn(everywhere.qs)),
        "is_filtered": any(value for name, value in request.GET.items() if name not in ("page", "sort")),
        "turn": request.GET.get("turn", ""),
        "may_submit": request.user.may(Permission.SUBMIT_LEAD),
        "may_import": request.user.may(Permission.IMPORT_RECORDS),
        "duplicate_count": duplicates.open_pairs().count() if request.user.may(Permission.MERGE_LEADS) else 0,
        "submit_url": _url("handoff:submit"),
        "today": timezone.localdate(),
        "now": timezone.now(),
    }
    context["is_part"] = htmx.wants_partial(request)
    template = "leads/leads/_results.html" if context["is_part"] else "leads/leads/list.html"
    return render(request, template, context)


@require_GET
def export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The same leads in the same order as a file."""
    found = LeadFilter(request.GET, queryset=selectors.listed(), request=request, own=listed_fields())
    return answer(request, kind, exports.LEADS, found=found.qs, columns=exports.lead_columns())


@require_GET
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """Everything known of one lead, whose turn it is, and what may be done now."""
    return render(request, "leads/leads/detail.html", detail_context(request, selectors.lead_page(pk)))


@require_GET
def timeline(request: PersonRequest, pk: int) -> HttpResponse:
    """What happened to a lead, all of it or one kind."""
    lead = selectors.lead_page(pk)
    context = {"lead": lead} | _story(request, lead)
    template = "leads/leads/_timeline.html" if htmx.wants_partial(request) else "leads/leads/timeline.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Correct the facts of a lead; where somebody else did so meanwhile, both values are shown to choose from."""
    lead = selectors.lead_page(pk)
    if not request.user.may(Permission.EDIT_LEAD):
        raise NotAllowed(_("Your role does not allow this."))
    if request.method == "GET":
        if not lead.stands:
            return htmx.redirect(request, "leads:detail", lead.merged_into_id or pk)
        return _edit_page(request, lead, LeadForm.of(lead))
    form = LeadForm(request.POST, lead=lead)
    if not form.is_valid():
        return _edit_page(request, lead, form, status=422)
    try:
        services.update_lead(
            lead_id=pk,
            facts=form.facts(),
            seen=form.cleaned_data["seen"],
            actor=request.user,
            now=timezone.now(),
        )
    except ChangedMeanwhile as clash:
        return _clash_page(request, selectors.lead_page(pk), form, clash)
    except DomainError as error:
        form.refuse(error)
        return _edit_page(request, lead, form, status=422)
    messages.success(request, _("Saved. The lead was judged again."))
    return htmx.redirect(request, "leads:detail", pk)


@require_http_methods(["GET", "POST"])
def add_touch(request: PersonRequest, pk: int) -> HttpResponse:
    """Record something that the lead did with marketing's work."""
    lead = selectors.lead_page(pk)
    if not request.user.may(Permission.SUBMIT_LEAD):
        raise NotAllowed(_("Your role does not allow this."))
    form = TouchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            campaign = form.cleaned_data.pop("campaign")
            touches.add_touch(
                lead_id=pk,
                campaign=campaign.name if campaign else "",
                actor=request.user,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The touch is recorded. The lead was judged again."))
            return htmx.redirect(request, "leads:detail", pk)
    status = 422 if form.errors else 200
    return render(request, "leads/leads/touch.html", {"lead": lead, "form": form}, status=status)


def detail_context(request: PersonRequest, lead: Lead) -> dict[str, Any]:
    """What the page of a lead shows."""
    user, today, currency = request.user, timezone.localdate(), deal_selectors.currency()
    deals = deal_selectors.deals_of(lead)
    is_with_sales = lead.stands and lead.stage in WITH_SALES
    may_work = is_with_sales and work.may_work_on(owner=lead.owner, actor=user, permission=Permission.RECORD_ACTIVITY)
    record_url = _url("handoff:activity-record", lead.pk)
    return {
        "lead": lead,
        "now": timezone.now(),
        "turn": selectors.turn_of(lead),
        "path": selectors.path_of(lead, today=today),
        "facts": selectors.facts_of(lead) + capture_forms.facts_of_lead(lead),
        "verdict": selectors.verdict_of(lead),
        "deals": [deal_selectors.part(deal, viewer=user, today=today, currency=currency) for deal in deals],
        "may_edit": lead.stands and user.may(Permission.EDIT_LEAD),
        "may_touch": lead.stands and user.may(Permission.SUBMIT_LEAD),
        "may_merge": user.may(Permission.MERGE_LEADS),
        "merges": merges_of(lead),
        "may_open_deal": may_work and user.may(Permission.MANAGE_DEAL),
        "record_url": record_url if may_work else "",
        "activity_forms": activity_forms(lead, today=today) if may_work else [],
        "phone": selectors.phone_words(lead.phone),
        "panel_url": _url("handoff:panel", lead.pk),
    } | _story(request, lead)


def _story(request: PersonRequest, lead: Lead) -> dict[str, Any]:
    kind = request.GET.get("show", "")
    return {
        "story": story.timeline(lead, kind=kind),
        "story_kinds": [(key, label, key == kind) for key, label in story.KINDS.items()],
    }


def _edit_page(request: PersonRequest, lead: Lead, form: LeadForm, *, status: int = 200) -> HttpResponse:
    context = {"lead": lead, "form": form, "known": suggestions.known(["source"])}
    return render(request, "leads/leads/edit.html", context, status=status)


def _clash_page(request: PersonRequest, lead: Lead, form: LeadForm, clash: ChangedMeanwhile) -> HttpResponse:
    """The same form with both values of each fact; sent again, it starts from what is there now."""
    fresh = LeadForm({**form.data.dict(), "seen": lead.updated_at.isoformat()}, lead=lead)  # type: ignore[attr-defined]
    fields = known()
    conflicts = [
        (fresh[name], *(say_fact(fields[name], value) if name in fields.custom else value for value in both))
        for name, both in clash.conflicts.items()
    ]
    context = {"lead": lead, "form": fresh, "known": suggestions.known(["source"]), "has_errors": True}
    context |= {"conflicts": conflicts, "message": clash.message}
    return render(request, "leads/leads/edit.html", context, status=409)


def _tabs(request: PersonRequest, query: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    chosen = request.GET.get("turn", "")
    labels = {
        "": _("All"),
        "marketing": _("Marketing's turn"),
        "sales": _("Sales' turn"),
        "nobody": _("Nobody's turn"),
    }
    return [
        {
            "label": label,
            "url": "?" + "&".join(filter(None, (query, f"turn={turn}" if turn else ""))),
            "active": turn == chosen,
            "count": counts[turn],
        }
        for turn, label in labels.items()
    ]


def _url(name: str, *args: Any) -> str:
    """The address of a page of an app above, "" where it is not installed."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
