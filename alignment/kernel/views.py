"""Pages that belong to no app."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form is too old (or cookies are off), never why in technical words."""
    message = _("This form was open for too long or cookies are switched off. Reload the page and try again.")
    return render(request, "403.html", {"message": message}, status=403)
