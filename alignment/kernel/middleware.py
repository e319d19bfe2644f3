"""Turns what a view lets through into a page that says what happened and what to do."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from alignment.kernel.errors import DomainError

log = structlog.get_logger(__name__)


class DomainErrorMiddleware:
    """Renders an uncaught ``DomainError`` with its own status, and a busy database as 503 with Retry-After."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Called by Django for an exception that no view caught; None lets it become a 500."""
        if isinstance(exception, DomainError):
            template = "404.html" if exception.http_status == 404 else "refused.html"
            return render(request, template, {"message": exception.message}, status=exception.http_status)
        if isinstance(exception, OperationalError):
            log.warning("database_busy", error=repr(exception))
            message = _("The system is busy just now. Nothing was changed. Try again in a few seconds.")
            response = render(request, "503.html", {"message": message}, status=503)
            response["Retry-After"] = "5"
            return response
        return None
