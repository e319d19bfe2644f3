"""What a view needs to answer htmx: is a fragment wanted, and what goes along with it."""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect, reswap, trigger_client_event
from django_htmx.http import retarget as _retarget
from django_htmx.middleware import HtmxDetails

Response = TypeVar("Response", bound=HttpResponse)


def wants_partial(request: HttpRequest) -> bool:
    """True where a fragment is asked for: not for a boosted link, nor for a page restored from history."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def toast(response: Response, text: str) -> Response:
    """Let the page show ``text`` for some seconds. Never for errors, never with an action."""
    trigger_client_event(response, "toast", {"text": str(text)})
    return response


def retarget(response: Response, selector: str, *, swap: str = "outerHTML") -> Response:
    """Put the answer somewhere else than the request said."""
    return reswap(_retarget(response, selector), swap)  # type: ignore[arg-type]


def redirect(request: HttpRequest, to: str, *args: object, **kwargs: object) -> HttpResponse:
    """Send the browser on after a change: a redirect, or the header that makes htmx load a page."""
    url = resolve_url(to, *args, **kwargs)
    return HttpResponseClientRedirect(url) if wants_partial(request) else HttpResponseRedirect(url)
