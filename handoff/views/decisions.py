"""Accept, reject, withdraw: the page's door to the service, for htmx and for a plain form alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alignment.accounts.requests import PersonRequest
from alignment.kernel import formats
from alignment.kernel.errors import InvalidInput
from alignment.kernel.htmx import retarget, wants_partial
from handoff.forms.decisions import RejectForm
from handoff.models import Handoff
from handoff.rules import workflow
from handoff.rules.workflow import Action, AlreadyDecided, Status
from handoff.selectors.handoffs import get_handoff, waiting_by_urgency, waiting_count
from handoff.selectors.history import reasons_in_use
from handoff.selectors.standing import standing
from handoff.selectors.time_left import first_calls
from handoff.services import decisions
from handoff.views.cards import card_of, today_of_organisation
from leads.selectors.leads import phone_words


@require_POST
def accept(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the lead."""
    comment = request.POST.get("comment", "")
    try:
        handoff = decisions.accept(handoff_id=pk, actor=request.user, now=timezone.now(), comment=comment)
    except AlreadyDecided as error:
        return _too_late(request, pk, error)
    return _decided(request, handoff, _accepted(handoff))


@require_http_methods(["GET", "POST"])
def reject(request: PersonRequest, pk: int) -> HttpResponse:
    """Give the lead back: GET shows the whole form (with ?reason= chosen), POST does it."""
    now = timezone.now()
    form = _reject_form(request, now)
    if request.method == "GET":
        return _show_form(request, pk, form, now)
    if not form.is_valid():
        return _show_form(request, pk, form, now, status=422)
    values: dict[str, Any] = form.cleaned_data
    try:
        handoff = decisions.reject(
            handoff_id=pk,
            reason=values["reason"],
            comment=values["comment"],
            next_step=values["next_step"] or None,
            recycle_on=values["recycle_on"],
            actor=request.user,
            now=now,
        )
    except InvalidInput as error:
        form.refuse(error)
        return _show_form(request, pk, form, now, status=422)
    except AlreadyDecided as error:
        return _too_late(request, pk, error)
    return _decided(request, handoff, _("You gave %(name)s back to marketing.") % {"name": handoff.lead.display_name})


@require_POST
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the offer back."""
    decisions.withdraw(handoff_id=pk, actor=request.user, now=timezone.now(), comment=request.POST.get("comment", ""))
    messages.success(request, _("The offer is withdrawn. The lead waits to be handed over again."))
    return redirect("handoff:detail", pk=pk)


def _accepted(handoff: Handoff) -> str:
    """What was done, and what is owed now."""
    words = {"name": handoff.lead.display_name}
    call = first_calls([handoff.lead_id], now=timezone.now()).get(handoff.lead_id)
    if call is None:
        return _("You accepted %(name)s.") % words
    return _("You accepted %(name)s. First call by %(at)s") % (words | {"at": formats.datetime(call.at)})


def _decided(request: PersonRequest, handoff: Handoff, told: str) -> HttpResponse:
    phone = phone_words(handoff.lead.phone) if handoff.status == Status.ACCEPTED else ""
    if wants_partial(request):
        context = {"handoff": get_handoff(handoff.pk), "told": told, "phone": phone} | _counts(request)
        return render(request, "handoff/_decided.html", context)
    call = format_html('{} · <a href="tel:{}">{}</a>', told, handoff.lead.phone, phone)
    messages.success(request, call if phone else told)
    after = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()})
    return redirect(after if is_ours else "handoff:inbox")


def _too_late(request: PersonRequest, pk: int, error: AlreadyDecided) -> HttpResponse:
    """Somebody was faster: say who and when in the card's place, with the next card one step away."""
    if not wants_partial(request):
        raise error
    context = {"handoff": get_handoff(pk), "refusal": error.message} | _counts(request)
    return render(request, "handoff/_decided.html", context, status=error.http_status)


def _counts(request: PersonRequest) -> dict[str, Any]:
    """Every number on the page that a decision changes."""
    return {"waiting": waiting_count(request.user), "groups": waiting_by_urgency(request.user, timezone.now())}


def _reject_form(request: PersonRequest, now: datetime) -> RejectForm:
    return RejectForm(
        request.POST if request.method == "POST" else None,
        initial={"reason": request.GET.get("reason", "")},
        reasons=reasons_in_use(),
        today=today_of_organisation(now),
    )


def _show_form(request: PersonRequest, pk: int, form: RejectForm, now: datetime, *, status: int = 200) -> HttpResponse:
    handoff = get_handoff(pk)
    if handoff.status == Status.OFFERED:  # who was too late learns it from the service, in words
        workflow.check(Action.REJECT, status=Status.OFFERED, standing=standing(handoff, request.user))
    form.auto_id = f"reject-{pk}-%s"
    context = {"handoff": handoff, "form": form}
    if wants_partial(request):
        return retarget(render(request, "handoff/_reject_form.html", context, status=status), f"#reject-{pk}")
    context |= {"card": card_of(handoff, viewer=request.user, now=now)}
    return render(request, "handoff/reject.html", context, status=status)
