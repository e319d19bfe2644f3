"""Probes for the outside: alive, and ready to serve."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from alignment import __version__
from alignment.health import checks, instance


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
