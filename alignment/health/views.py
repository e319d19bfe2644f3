"""Probes for the outside, and for people who look after the installation a page that says what does not work."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from alignment import __version__
from alignment.accounts.policies import Permission
from alignment.accounts.views.requests import person
from alignment.accounts.views.sections import sections
from alignment.health import checks, instance, metrics, selectors, services
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
    """Say whether all parts work, and name those that do not; with the key also for how long and which queues."""
    report, with_details = checks.recent_report(now=timezone.now()), _has_key(request)
    parts = {part.name: part.as_dict(with_details=with_details) for part in report.parts}
    status = 200 if report.is_ready else 503
    return JsonResponse({"status": "ready" if report.is_ready else "not ready", "parts": parts}, status=status)


@login_not_required
@never_cache
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """What monitoring reads, for whoever has the key; 404 where none is set: then there is nothing to sign in to."""
    if not settings.METRICS_KEY:
        return HttpResponse(status=404)
    if not _has_key(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(metrics.exposition(now=timezone.now()), content_type=metrics.CONTENT_TYPE)


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


def _has_key(request: HttpRequest) -> bool:
    """Whether the request carries the key of those who operate this."""
    scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
    is_equal = constant_time_compare(key, settings.METRICS_KEY)
    return bool(settings.METRICS_KEY) and scheme.lower() == "bearer" and is_equal


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
