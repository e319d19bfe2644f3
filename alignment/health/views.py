"""Probes for the outside, and for people who look after the installation a page that says what does not work."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from alignment import __version__
from alignment.accounts.policies import Permission
from alignment.accounts.views.requests import person
from alignment.accounts.views.sections import sections
from alignment.health import checks, instance, selectors, services
from alignment.kernel.htmx import redirect

PER_PAGE = 25


@login_not_required
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """Say that the process answers; asks neither database nor Redis, which a restart would not mend."""
    return JsonResponse({"status": "alive", "version": __version__, "instance": instance.ID})


@login_not_required
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Say whether all parts work, and name those that do not. Asked again at most every few seconds."""
    report = checks.recent_report(now=timezone.now())
    parts = {part.name: part.as_dict() for part in report.parts}
    status = 200 if report.is_ready else 503
    return JsonResponse({"status": "ready" if report.is_ready else "not ready", "parts": parts}, status=status)


@never_cache
@require_GET
def operations(request: HttpRequest) -> HttpResponse:
    """Which parts work, how many mails wait, and the mails that were given up with the reason."""
    person(request).require(Permission.SEE_OPERATIONS)
    now = timezone.now()
    context = {
        "parts": selectors.parts(now=now),
        "mails": selectors.mails(now=now),
        "page": Paginator(selectors.given_up(), PER_PAGE).get_page(request.GET.get("page")),
        "sections": sections(request, "health:operations"),
    }
    return render(request, "health/operations.html", context)


@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one mail again that was given up."""
    services.send_again(notice_id=pk, actor=person(request), now=timezone.now())
    messages.success(request, _("The mail is on its way again."))
    return redirect(request, "health:operations")


@require_POST
def send_all_again(request: HttpRequest) -> HttpResponse:
    """Send all mails again that were given up."""
    count = services.send_all_again(actor=person(request), now=timezone.now())
    text = ngettext("%(count)d mail is on its way again.", "%(count)d mails are on their way again.", count)
    messages.success(request, text % {"count": count})
    return redirect(request, "health:operations")
