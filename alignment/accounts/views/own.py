"""One's own profile, absences and API tokens."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts import selectors
from alignment.accounts.forms.own import AbsenceForm, ProfileForm, TokenForm
from alignment.accounts.models import User
from alignment.accounts.services import profile as services
from alignment.accounts.services import tokens as token_services
from alignment.accounts.views.requests import person
from alignment.accounts.views.sections import sections
from alignment.kernel.errors import DomainError
from alignment.kernel.htmx import redirect


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """One's own name, language, zone, hours and shortcuts."""
    actor = person(request)
    fields = ("full_name", "language", "time_zone", "weekly_hours", "shortcuts_enabled")
    form = ProfileForm(request.POST or None, initial={name: getattr(actor, name) for name in fields})
    if form.is_valid():
        services.edit_profile(actor=actor, **form.cleaned_data, now=timezone.now())
        translation.activate(form.cleaned_data["language"])
        messages.success(request, _("Your profile is saved."))
        return redirect(request, "accounts:profile")
    return _profile_page(request, form, AbsenceForm(prefix="absence"))


@require_POST
def absence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Note days on which a person is away: oneself, or somebody whose absences one plans."""
    actor, form = person(request), AbsenceForm(request.POST, prefix="absence")
    if form.is_valid():
        try:
            services.add_absence(person_id=pk, **form.cleaned_data, actor=actor, now=timezone.now())
        except DomainError as error:
            if error.http_status in {403, 404}:
                raise
            form.add_error(error.field or None, str(error.message))
        else:
            messages.success(request, _("The absence is noted."))
            return _back_to(request, pk, actor)
    if pk != actor.pk:
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
        return _back_to(request, pk, actor)
    fields = ("full_name", "language", "time_zone", "weekly_hours", "shortcuts_enabled")
    return _profile_page(request, ProfileForm(initial={name: getattr(actor, name) for name in fields}), form)


@require_POST
def absence_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an absence back."""
    actor = person(request)
    owner = services.remove_absence(absence_id=pk, actor=actor, now=timezone.now())
    messages.success(request, _("The absence is removed."))
    return _back_to(request, owner.pk, actor)


@never_cache
@require_GET
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own API tokens."""
    return _tokens_page(request, TokenForm())


@never_cache
@reauthentication_required
@require_POST
def token_create(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _tokens_page(request, form)
    name = form.cleaned_data["name"]
    _token, secret = token_services.create_token(
        person=person(request), name=name, valid_for=form.valid_for(), now=timezone.now()
    )
    return _tokens_page(request, TokenForm(), secret=secret)


@require_POST
def token_revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    """End one of one's own tokens."""
    token_services.revoke_token(token_key=token_key, actor=person(request), now=timezone.now())
    messages.success(request, _("The token has ended."))
    return redirect(request, "accounts:tokens")


def _profile_page(request: HttpRequest, form: ProfileForm, absence_form: AbsenceForm) -> HttpResponse:
    actor = person(request)
    context = {
        "form": form,
        "absence_form": absence_form,
        "absences": actor.absences.order_by("starts_on"),
        "has_errors": bool(absence_form.errors),
        "sections": sections(request, "accounts:profile"),
    }
    status = 422 if form.errors or absence_form.errors else 200
    return render(request, "accounts/own/profile.html", context, status=status)


def _tokens_page(request: HttpRequest, form: TokenForm, *, secret: str = "") -> HttpResponse:
    context = {
        "form": form,
        "secret": secret,
        "tokens": selectors.tokens_of(person(request)),
        "now": timezone.now(),
        "sections": sections(request, "accounts:tokens"),
    }
    return render(request, "accounts/own/tokens.html", context, status=422 if form.errors else 200)


def _back_to(request: HttpRequest, person_id: int, actor: User) -> HttpResponse:
    if person_id == actor.pk:
        return redirect(request, "accounts:profile")
    return redirect(request, "accounts:member-edit", person_id)
