"""When people are away: one's own days, those of one's side for its manager, everybody's for an admin."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alignment.accounts import selectors
from alignment.accounts.forms.own import AbsenceForm
from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.accounts.services import profile as services
from alignment.accounts.views import own
from alignment.accounts.views.requests import person
from alignment.accounts.views.sections import sections
from alignment.kernel.errors import DomainError
from alignment.kernel.htmx import redirect


@require_GET
def absences(request: HttpRequest, pk: int) -> HttpResponse:
    """The days on which somebody is away whose absences one plans; one's own stand on one's profile."""
    owner = get_object_or_404(User, pk=pk)
    if owner == person(request):
        return redirect(request, "accounts:profile")
    services.check_may_plan_for(person=owner, actor=person(request))
    return _page(request, owner, AbsenceForm(prefix="absence"))


@require_POST
def absence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Note days on which a person is away: oneself, or somebody whose absences one plans."""
    actor, form = person(request), AbsenceForm(request.POST, prefix="absence")
    owner = get_object_or_404(User, pk=pk)
    services.check_may_plan_for(person=owner, actor=actor)
    if form.is_valid():
        try:
            services.add_absence(person_id=pk, **form.cleaned_data, actor=actor, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The absence is noted."))
            return _back_to(request, owner)
    if owner == actor:
        return own.page_of_profile(request, own.profile_form(actor), form)
    return _page(request, owner, form)


@require_POST
def absence_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an absence back."""
    owner = services.remove_absence(absence_id=pk, actor=person(request), now=timezone.now())
    messages.success(request, _("The absence is removed."))
    return _back_to(request, owner)


def _page(request: HttpRequest, owner: User, form: AbsenceForm) -> HttpResponse:
    context = {
        "owner": owner,
        "absences": selectors.absences_of(owner),
        "now": timezone.now(),
        "absence_form": form,
        "has_errors": bool(form.errors),
        "sections": sections(request, "accounts:members"),
    }
    return render(request, "accounts/people/absences.html", context, status=422 if form.errors else 200)


def _back_to(request: HttpRequest, owner: User) -> HttpResponse:
    """The page on which this reader plans for this person."""
    actor = person(request)
    if owner == actor:
        return redirect(request, "accounts:profile")
    edits = actor.may(Permission.INVITE_PEOPLE)
    return redirect(request, "accounts:member-edit" if edits else "accounts:member-absences", owner.pk)
