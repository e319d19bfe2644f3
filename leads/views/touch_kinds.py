"""The kinds of touches: the list with what uses each, and the form that makes or changes one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.accounts.views.sections import sections
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError
from leads.forms.touch_kinds import KindForm, NewKindForm
from leads.selectors import touch_kinds as selectors
from leads.services import touch_kinds as services

LIST = "leads:touch-kind-list"
STEP = 10


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """All kinds in their order."""
    request.user.require(Permission.EDIT_ORGANISATION)
    context = {"uses": selectors.uses(), "sections": sections(request, LIST)}
    return render(request, "leads/touch_kinds/list.html", context)


@require_http_methods(["GET", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Add a kind."""
    request.user.require(Permission.EDIT_ORGANISATION)
    form = NewKindForm(request.POST or None, initial={"position": selectors.last_position() + STEP})
    if form.is_valid():
        try:
            services.add_kind(**form.cleaned_data, actor=request.user)
        except DomainError as error:
            form.refuse(error)
        else:
            return _saved(request)
    return _form(request, form)


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, key: str) -> HttpResponse:
    """Rename a kind, move it, take it out of use or back in."""
    request.user.require(Permission.EDIT_ORGANISATION)
    kind = selectors.kind(key)
    form = KindForm(request.POST or None, initial={name: getattr(kind, name) for name in KindForm.base_fields})
    if form.is_valid():
        try:
            services.edit_kind(key=key, **form.cleaned_data, actor=request.user)
        except DomainError as error:
            form.refuse(error)
        else:
            return _saved(request)
    return _form(request, form, use=selectors.use_of(kind))


def _saved(request: PersonRequest) -> HttpResponse:
    messages.success(request, _("Saved."))
    return htmx.redirect(request, LIST)


def _form(request: PersonRequest, form: KindForm, **context: Any) -> HttpResponse:
    return render(request, "leads/touch_kinds/edit.html", {"form": form, **context}, status=422 if form.errors else 200)
