"""Probes come before everything else; every other request is timed."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from alignment.health import metrics, views

PROBES = {"/healthz": views.live, "/readyz": views.ready, "/metrics": views.figures}


class ProbeMiddleware:
    """Answers probes without session, redirect or host check: a probe knows neither our name nor https."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else self.get_response(request)


class RequestSecondsMiddleware:
    """Times each request for ``/metrics``; outside all others, so that what they do and refuse counts, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, status = time.perf_counter(), 500
        try:
            response = self.get_response(request)
            status = response.status_code
            return response
        finally:  # also where not even the page for errors could be made
            metrics.note_request(request, status, time.perf_counter() - began)
