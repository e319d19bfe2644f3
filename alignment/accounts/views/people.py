"""People: everybody sees who is here; admins invite, change and shut out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts import selectors
from alignment.accounts.forms.own import AbsenceForm
from alignment.accounts.forms.people import InvitationForm, PeopleFilter, PersonForm, position_of
from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.accounts.services import invitations
from alignment.accounts.services import people as services
from alignment.accounts.views.requests import person
from alignment.accounts.views.sections import sections
from alignment.kernel.errors import DomainError
from alignment.kernel.htmx import redirect, wants_partial

PER_PAGE = 25


@require_GET
def members(request: HttpRequest) -> HttpResponse:
    """The list of people, searched and narrowed by the query parameters."""
    actor, form = person(request), PeopleFilter(request.GET)
    form.is_valid()
    found = selectors.people(**{name: value for name, value in form.cleaned_data.items() if value})
    context = {
        "filter": form,
        "is_narrowed": any(form.cleaned_data.values()),
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "may_invite": actor.may(Permission.INVITE_PEOPLE),
        "plans_for": actor.side if actor.is_manager else "",
        "sections": sections(request, "accounts:members"),
        "now": timezone.now(),
    }
    template = "accounts/people/_list.html" if wants_partial(request) else "accounts/people/list.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody by e-mail."""
    actor = person(request)
    actor.require(Permission.INVITE_PEOPLE)
    form = InvitationForm(
        request.POST or None, initial={name: request.GET.get(name) for name in ("email", "full_name")}
    )
    if form.is_valid():
        try:
            invitations.invite(**form.values(), actor=actor, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The invitation to %(email)s is on its way.") % form.cleaned_data)
            return redirect(request, "accounts:members")
    status = 422 if form.errors else 200
    context = {"form": form, "sections": sections(request, "accounts:members")}
    return render(request, "accounts/people/invite.html", context, status=status)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What a person is called, does and belongs to; whether they may sign in; when they are away."""
    actor = person(request)
    actor.require(Permission.INVITE_PEOPLE)
    edited = get_object_or_404(User.objects.select_related("team", "invitation"), pk=pk)
    form = PersonForm(request.POST or None, initial=_initial(edited))
    if form.is_valid():
        try:
            services.edit_person(person_id=pk, **form.values(), actor=actor, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(
                request, _("Saved. It holds from the next click of %(name)s.") % {"name": edited.full_name}
            )
            return redirect(request, "accounts:member-edit", pk)
    context = {
        "form": form,
        "edited": edited,
        "absences": selectors.absences_of(edited),
        "absence_form": AbsenceForm(prefix="absence"),
        "sections": sections(request, "accounts:members"),
        "is_oneself": edited == actor,
        "invitation": _open_invitation(edited),
        "now": timezone.now(),
    }
    return render(request, "accounts/people/edit.html", context, status=422 if form.errors else 200)


@require_POST
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut a person out at once."""
    changed = services.deactivate(person_id=pk, actor=person(request), now=timezone.now())
    return _done(request, changed, _("%(name)s can no longer sign in; all sessions and tokens have ended."))


@require_POST
def activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a person in again."""
    changed = services.activate(person_id=pk, actor=person(request), now=timezone.now())
    return _done(request, changed, _("%(name)s can sign in again."))


@require_POST
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a person out everywhere."""
    changed = services.end_sessions(person_id=pk, actor=person(request), now=timezone.now())
    if changed == person(request):
        messages.success(request, _("You are signed out everywhere; all your tokens have ended."))
        return redirect(request, "accounts:profile")
    return _done(request, changed, _("%(name)s is signed out everywhere; all tokens have ended."))


@require_POST
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an invitation again with a new link."""
    invitation = invitations.resend(person_id=pk, actor=person(request), now=timezone.now())
    return _done(request, invitation.user, _("A new link for %(name)s is on its way; the earlier one no longer works."))


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    changed = invitations.withdraw(person_id=pk, actor=person(request), now=timezone.now())
    return _done(request, changed, _("The invitation of %(name)s is withdrawn."))


def _done(request: HttpRequest, changed: User, sentence: str) -> HttpResponse:
    messages.success(request, sentence % {"name": changed.full_name})
    return redirect(request, "accounts:member-edit", changed.pk)


def _initial(edited: User) -> dict[str, Any]:
    return {"full_name": edited.full_name, "position": position_of(edited), "team": edited.team}


def _open_invitation(edited: User) -> Any:
    invitation = getattr(edited, "invitation", None)
    return None if invitation is None or invitation.accepted_at or edited.is_active else invitation
