"""Marketing's doors: a new lead, and qualified leads that wait to be handed over."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import BaseFormSet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer
from alignment.kernel import formats
from alignment.kernel.errors import DomainError, InvalidInput
from alignment.kernel.inputs import whole_number
from handoff.forms.submission import MOST_TOUCHES, LeadForm, TouchForm, TouchForms, lead_data, touch_errors
from handoff.models import Handoff
from handoff.selectors import exports
from handoff.selectors.cards import criteria
from handoff.selectors.leads import ready_to_hand_over
from handoff.selectors.sentences import why_here
from handoff.services import offers, submission
from leads.selectors import suggestions
from leads.selectors.exports import lead_columns
from leads.selectors.identity import leads_known_as
from leads.selectors.leads import lead_page
from leads.selectors.matching import Match, matches
from leads.selectors.side_by_side import evidence_words
from leads.services.capture import LeadData

PER_PAGE = 25
MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Refusal:
    """One lead of several that could not be handed over, and why."""

    lead_id: int
    reason: str


@require_http_methods(["GET", "POST"])
def submit(request: PersonRequest) -> HttpResponse:
    """A new lead: judged at once, and offered to sales when it qualifies. The same form again changes nothing."""
    request.user.require(Permission.SUBMIT_LEAD)
    if request.method == "GET":
        return _show_form(request, LeadForm(), TouchForms(prefix="touches"))
    form, touches = LeadForm(request.POST), TouchForms(_rows(request), prefix="touches")
    if "add_row" in request.POST:
        return _show_form(request, LeadForm(initial=request.POST.dict()), touches)
    if not (form.is_valid() & touches.is_valid()):
        return _show_form(request, _with_source_of_campaign(form), touches, status=422)
    known = _already_here(form)
    if known is not None:
        return _show_form(request, form.after_warning(known.lead_id), touches, known=known, status=409)
    try:
        done = submission.submit_lead(data=lead_data(form, touches), actor=request.user, now=timezone.now())
    except InvalidInput as error:
        form.refuse(error)
        return _show_form(request, form, touches, status=422)
    if not done.is_new:
        messages.info(
            request, _("This form was sent before: this is what came of it. Use “Submit another” for the next.")
        )
    return redirect("handoff:submitted", lead_pk=done.lead.pk)


@require_GET
def submitted(request: PersonRequest, lead_pk: int) -> HttpResponse:
    """What became of a lead that was just submitted: the verdict in sentences, and where it went."""
    lead = lead_page(lead_pk)
    handoff = lead.handoffs.with_people().order_by("-attempt").first()
    context = {
        "lead": lead,
        "verdict": lead.verdict,
        "criteria": criteria(lead.verdict),
        "handoff": handoff,
        "why": why_here(handoff.routing) if handoff else "",
    }
    return render(request, "handoff/submitted.html", context)


@require_GET
def waiting(request: PersonRequest) -> HttpResponse:
    """Qualified leads that nobody has handed over yet."""
    return _show_waiting(request, [])


@require_GET
def waiting_export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The same leads in the same order as a file."""
    return answer(request, kind, exports.WAITING, found=ready_to_hand_over(), columns=lead_columns())


@require_POST
def hand_over(request: PersonRequest, lead_pk: int) -> HttpResponse:
    """Offer one lead."""
    handoff = offers.hand_over(lead_id=lead_pk, actor=request.user, now=timezone.now())
    messages.success(request, _handed_over(handoff))
    return redirect("handoff:detail", pk=handoff.pk)


@require_POST
def hand_over_many(request: PersonRequest) -> HttpResponse:
    """Offer several leads, each for itself: those that cannot be handed over stay, with the reason."""
    request.user.require(Permission.SUBMIT_LEAD)
    refused: list[Refusal] = []
    done = 0
    for lead_id in _chosen(request):
        try:
            offers.hand_over(lead_id=lead_id, actor=request.user, now=timezone.now())
            done += 1
        except DomainError as error:
            refused.append(Refusal(lead_id, str(error.message)))
    if done:
        words = ngettext("%(count)s lead was handed over.", "%(count)s leads were handed over.", done)
        messages.success(request, words % {"count": formats.number(done)})
    if not done and not refused:
        messages.warning(request, _("Choose at least one lead."))
    return _show_waiting(request, refused, status=409) if refused else redirect("handoff:waiting")


def _chosen(request: PersonRequest) -> list[int]:
    given = {whole_number(value) for value in request.POST.getlist("lead")}
    return sorted(number for number in given if number is not None)[:MOST_AT_ONCE]


def _rows(request: PersonRequest) -> dict[str, str]:
    """The posted form, with one more row of touches where that was asked for."""
    given = {name: str(value) for name, value in request.POST.items()}
    rows = whole_number(given.get("touches-TOTAL_FORMS", ""))
    if "add_row" in given and rows is not None:
        given["touches-TOTAL_FORMS"] = str(min(rows + 1, MOST_TOUCHES))
    return given


def _with_source_of_campaign(form: LeadForm) -> LeadForm:
    """Where only the source is missing to a lead of a campaign, offer the one of the campaign."""
    campaign = form.cleaned_data.get("campaign")
    if campaign is None or form.data.get("source", "").strip():
        return form
    source = suggestions.source_of(campaign)
    return form.with_source(source) if source else form


def _already_here(form: LeadForm) -> Match | None:
    """Who the form most likely tells of, unless the page has said so before, or it is the lead that this form made."""
    once, warned = form.cleaned_data["once"], form.cleaned_data["warned"]
    if once and leads_known_as([(LeadData.source_system, str(once))]):
        return None
    (found,) = matches([form.person()])
    return found[0] if found and str(found[0].lead_id) != warned else None


def _show_form(
    request: PersonRequest,
    form: LeadForm,
    touches: BaseFormSet[TouchForm],
    *,
    known: Match | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "touches": touches,
        "touch_errors": touch_errors(touches) if status == 422 else [],
        "known": suggestions.known(),
        "known_lead": lead_page(known.lead_id) if known else None,
        "why_known": evidence_words(known.evidence.as_json()) if known else "",
        "has_errors": status == 422,
    }
    return render(request, "handoff/submit.html", context, status=status)


def _show_waiting(request: PersonRequest, refused: list[Refusal], *, status: int = 200) -> HttpResponse:
    page = Paginator(ready_to_hand_over(), PER_PAGE).get_page(request.GET.get("page"))
    reasons = {refusal.lead_id: refusal.reason for refusal in refused}
    context = {
        "page": page,
        "rows": [(lead, reasons.get(lead.pk, "")) for lead in page],
        "has_refused": bool(refused),
        "may_hand_over": request.user.may(Permission.SUBMIT_LEAD),
    }
    return render(request, "handoff/waiting.html", context, status=status)


def _handed_over(handoff: Handoff) -> str:
    asked = handoff.offered_to or handoff.team
    if asked is None:
        return _("%(name)s is offered to all of sales.") % {"name": handoff.lead.display_name}
    return _("%(name)s is offered to %(asked)s.") % {"name": handoff.lead.display_name, "asked": asked}
