"""Capture forms: the list, writing one, where it is found, what came in."""

from __future__ import annotations

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.models import Organisation
from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError
from leads.forms.capture_forms import CaptureFormForm
from leads.forms.public_forms import PublicForm, Ticket
from leads.models import CaptureForm
from leads.selectors import capture_forms as selectors
from leads.selectors import suggestions
from leads.services import capture_forms as services

PAGE = 25


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """All forms with what came of them, newest first."""
    page = Paginator(selectors.forms(), PAGE).get_page(request.GET.get("page"))
    today = _today()
    rows = [(form, form.state(today)) for form in page]
    context = {"page": page, "rows": rows, "may_edit": request.user.may(Permission.EDIT_FORMS)}
    return render(request, "leads/capture_forms/list.html", context)


@require_http_methods(["GET", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Write a form."""
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a form."""
    request.user.require(Permission.EDIT_FORMS)
    return _edit(request, selectors.form(pk))


@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # its types know no further arguments
@require_GET
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """One form: whether it is open, where it is found, what it looks like, what came of it."""
    form = selectors.form(pk)
    acting = selectors.acting_for(form)
    context: dict[str, Any] = {
        "capture_form": form,
        "state": form.state(_today()),
        "placement": selectors.placement_of(form, language=translation.get_language() or ""),
        "consent": selectors.consent_of(form),
        "acting": acting if acting != form.published_by else None,
        "may_edit": request.user.may(Permission.EDIT_FORMS),
        "may_publish": request.user.may(Permission.EDIT_FORMS) and request.user.may(Permission.SUBMIT_LEAD),
    }
    return render(request, "leads/capture_forms/detail.html", context)


@csp_replace({"frame-ancestors": [SELF]})  # type: ignore[arg-type]
@xframe_options_sameorigin
@require_GET
def preview(request: PersonRequest, pk: int) -> HttpResponse:
    """The form as visitors see it, also before it is published; nothing can be sent."""
    form = selectors.form(pk)
    consent = selectors.consent_of(form)
    asked_for = request.GET.get("show_in") or translation.get_language()
    language = asked_for if asked_for in form.languages else form.languages[0]
    with translation.override(language):
        context = selectors.page_context(form, Organisation.get(), language, consent)
        ticket = Ticket(form=form.pk, consent=0, at=timezone.now(), once="")
        context |= {"form": PublicForm(form=form, ticket=ticket), "is_preview": True, "is_embedded": True}
        return HttpResponse(render_to_string("handoff/public_forms/page.html", context))


@require_POST
def publish(request: PersonRequest, pk: int) -> HttpResponse:
    """Open a form to the public."""
    services.publish(form_id=pk, actor=request.user, now=timezone.now())
    messages.success(request, _("The form is published. Leads come in under your name."))
    return htmx.redirect(request, "leads:form-detail", pk)


@require_POST
def close(request: PersonRequest, pk: int) -> HttpResponse:
    """Take nothing more in."""
    services.close(form_id=pk, actor=request.user, now=timezone.now())
    messages.success(request, _("The form is closed. Visitors read so."))
    return htmx.redirect(request, "leads:form-detail", pk)


@require_GET
def submissions(request: PersonRequest, pk: int) -> HttpResponse:
    """What was sent by a form, newest first."""
    form = selectors.form(pk)
    page = Paginator(selectors.submissions(form), PAGE).get_page(request.GET.get("page"))
    rows = [(one, selectors.utm_words(one)) for one in page]
    context = {"capture_form": form, "page": page, "rows": rows}
    return render(request, "leads/capture_forms/submissions.html", context)


@require_GET
def submission(request: PersonRequest, pk: int) -> HttpResponse:
    """One filled-in form with the exact text that was agreed to."""
    found = selectors.submission(pk)
    context = {
        "submission": found,
        "answers": selectors.answers_of(found),
        "origin": selectors.origin_of(found),
        "consent_words": selectors.consent_words(found),
        "consent_text": found.consent_text.text(found.language),
    }
    return render(request, "leads/capture_forms/submission.html", context)


def _edit(request: PersonRequest, found: CaptureForm | None) -> HttpResponse:
    request.user.require(Permission.EDIT_FORMS)
    consent = selectors.consent_of(found) if found else None
    form = CaptureFormForm(request.POST or None, form=found, consent=consent)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_form(
                form_id=found.pk if found else None, data=form.content(), actor=request.user, now=timezone.now()
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return htmx.redirect(request, "leads:form-detail", saved.pk)
    context = {"capture_form": found, "form": form, "known": suggestions.known(["source"])}
    return render(request, "leads/capture_forms/edit.html", context, status=422 if form.errors else 200)


def _today() -> Any:
    """The day on which forms open and close: that of the organisation."""
    return timezone.localdate(timezone.now(), Organisation.get().zone)
