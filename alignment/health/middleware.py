"""Probes come before everything else."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from alignment.health import views

PROBES = {"/healthz": views.live, "/readyz": views.ready}


class ProbeMiddleware:
    """Answers probes without session, redirect or host check: a probe knows neither our name nor https."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else self.get_response(request)
