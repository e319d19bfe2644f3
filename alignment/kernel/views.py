"""Pages that belong to no app."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form is too old (or cookies are off), never why in technical words."""
    message = _("This form was open for too long or cookies are switched off. Reload the page and try again.")
    return render(request, "403.html", {"message": message}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere; a program gets it in the shape of the API's other errors."""
    if request.path.startswith("/api/"):
        error = {"code": "not_found", "detail": _("There is nothing at this address"), "attr": None}
        return JsonResponse({"type": "client_error", "errors": [error]}, status=404)
    return page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for a fault of ours: the id under which the log tells more, and nothing of what went wrong.

    Rendered without the request, so that no context processor asks a database that may be the fault.
    """
    message = _(
        "Nothing that you just sent was saved half-way. Try again; if it happens again, tell an admin this"
        " number: %(request_id)s"
    ) % {"request_id": request.META.get("HTTP_X_REQUEST_ID", "–")}
    return HttpResponse(render_to_string("500.html", {"message": message}), status=500)
