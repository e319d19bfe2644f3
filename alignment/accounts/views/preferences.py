"""Language, appearance and shortcuts: small choices from any page, also for visitors."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from alignment.accounts.services import profile
from alignment.accounts.views.requests import keep, person

THEMES = frozenset({"light", "dark", "auto"})


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Show pages in another language: kept with the person, else in a cookie."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    if request.user.is_authenticated:
        profile.choose_language(actor=person(request), language=chosen)
    return keep(HttpResponseRedirect(_local(request)), settings.LANGUAGE_COOKIE_NAME, chosen)


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Show pages light, dark, or as the system does. Kept in this browser, because screens differ."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponseBadRequest()
    return keep(HttpResponseRedirect(_local(request)), "theme", chosen)


@require_POST
def shortcuts(request: HttpRequest) -> HttpResponse:
    """Turn keyboard shortcuts on or off."""
    profile.switch_shortcuts(actor=person(request), is_enabled=request.POST.get("enabled") == "1")
    return HttpResponseRedirect(_local(request))


def _local(request: HttpRequest) -> str:
    """Where to go back to: an address of this site, whatever was asked for."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else "/"
