"""One id per request, and pages for what a view lets through: they say what happened and what to do."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.translation import gettext as _

from alignment.kernel import outages
from alignment.kernel.errors import DomainError
from alignment.kernel.htmx import wants_partial

log = structlog.get_logger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id that is found again in logs, tasks, mails and on the error page.

    The proxy's ``X-Request-ID`` is kept where it looks like one; anything else is replaced.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        request.META["HTTP_X_REQUEST_ID"] = request_id
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response


class DomainErrorMiddleware:
    """Renders an uncaught ``DomainError`` with its own status, a busy database as 503 with Retry-After, and what people
    read who open an address that only takes forms: after a form was refused, that is what their browser shows."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "GET" and isinstance(response, HttpResponseNotAllowed):
            message = _("This address only takes what a form sends. Go back to the page with the form.")
            page = _answer(request, "refused.html", message, response.status_code)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Called by Django for an exception that no view caught; None lets it become a 500."""
        if isinstance(exception, DomainError):
            page = "404.html" if exception.http_status == 404 else "refused.html"
            return _answer(request, page, str(exception.message), exception.http_status)
        if isinstance(exception, outages.FAULTS):
            log.warning("database_fault", error=repr(exception))
            message = str(outages.BUSY if outages.is_undone(exception) else outages.LOST)
            response = _answer(request, "503.html", message, 503)
            response["Retry-After"] = str(outages.RETRY_AFTER)
            return response
        return None


def _answer(request: HttpRequest, page: str, message: str, status: int) -> HttpResponse:
    template = "refused.html" if wants_partial(request) else page
    return render(request, template, {"message": message}, status=status)
