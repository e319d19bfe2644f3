"""One's own profile and API tokens."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts import selectors
from alignment.accounts.forms.own import AbsenceForm, ProfileForm, TokenForm
from alignment.accounts.models import Organisation, User
from alignment.accounts.second_factor import is_missing
from alignment.accounts.services import profile as services
from alignment.accounts.services import tokens as token_services
from alignment.accounts.views.requests import person
from alignment.accounts.views.sections import sections
from alignment.kernel.htmx import redirect


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """One's own name, language, zone, hours and shortcuts."""
    actor = person(request)
    form = profile_form(actor, request.POST or None)
    if form.is_valid():
        services.edit_profile(actor=actor, **form.cleaned_data, now=timezone.now())
        translation.activate(form.cleaned_data["language"])
        messages.success(request, _("Your profile is saved."))
        return redirect(request, "accounts:profile")
    return page_of_profile(request, form, AbsenceForm(prefix="absence"))


@require_GET
def second_factor(request: HttpRequest) -> HttpResponse:
    """Why a second factor is needed here and how to set it up, for those who have none yet."""
    if not is_missing(request):
        return redirect(request, "home")
    return render(request, "accounts/own/second_factor.html", {"everyone": settings.REQUIRE_MFA == "everyone"})


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
    given = form.cleaned_data
    _token, secret = token_services.create_token(
        person=person(request),
        name=given["name"],
        scopes=given["scopes"],
        valid_for=form.valid_for(),
        now=timezone.now(),
    )
    return _tokens_page(request, TokenForm(), secret=secret)


@require_POST
def token_revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    """End one of one's own tokens."""
    token_services.revoke_token(token_key=token_key, actor=person(request), now=timezone.now())
    messages.success(request, _("The token has ended."))
    return redirect(request, "accounts:tokens")


def profile_form(actor: User, data: QueryDict | None = None) -> ProfileForm:
    """The form of one's own profile, with what is kept and the hours that hold without own ones."""
    fields = ("full_name", "language", "time_zone", "weekly_hours", "shortcuts_enabled")
    teams = actor.team.weekly_hours if actor.team else None
    return ProfileForm(
        data,
        initial={name: getattr(actor, name) for name in fields},
        inherited=teams or Organisation.get().weekly_hours,
        from_team=bool(teams),
    )


def page_of_profile(request: HttpRequest, form: ProfileForm, absence_form: AbsenceForm) -> HttpResponse:
    """One's profile with both of its forms, whichever of them is at fault."""
    actor = person(request)
    context = {
        "form": form,
        "now": timezone.now(),
        "absence_form": absence_form,
        "absences": selectors.absences_of(actor),
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
