"""The door for invited people."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from alignment.accounts.forms.people import AcceptForm
from alignment.accounts.models import Invitation, User
from alignment.accounts.services import invitations as services
from alignment.accounts.views.requests import keep
from alignment.kernel.errors import DomainError

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
KEY = "invitation"


@login_not_required
@never_cache
@require_GET
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Remember the hash of the token and go on without it, so that no log, history or referrer keeps the link."""
    request.session[KEY] = services.hash_of(token)
    return HttpResponseRedirect(reverse("accounts:invitation-accept"))


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Ask for name and password, then let in."""
    token_hash = request.session.get(KEY, "")
    try:
        invitation = services.open_invitation(token_hash=token_hash, now=timezone.now())
    except services.DoorIsClosed as error:
        return render(request, "accounts/invitations/closed.html", {"message": error.message}, status=error.http_status)
    with translation.override(invitation.user.language):
        return _at_the_door(request, invitation, token_hash)


def _at_the_door(request: HttpRequest, invitation: Invitation, token_hash: str) -> HttpResponse:
    form = AcceptForm(request.POST or None, initial={"full_name": invitation.user.full_name})
    if form.is_valid():
        try:
            user = services.accept(token_hash=token_hash, **form.cleaned_data, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            return _enter(request, user)
    context = {"form": form, "invitation": invitation}
    status = 422 if form.errors else 200
    return render(request, "accounts/invitations/accept.html", context, status=status)


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    request.session.flush()  # somebody else may have been signed in here
    login(request, user, backend=BACKEND)
    messages.success(request, _("Welcome, %(name)s.") % {"name": user.full_name})
    home = HttpResponseRedirect(reverse(settings.LOGIN_REDIRECT_URL))
    return keep(home, settings.LANGUAGE_COOKIE_NAME, user.language)
