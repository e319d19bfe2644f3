"""Answers a request for a list as a file; the views of the apps above say which list and which columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import Organisation
from alignment.accounts.requests import PersonRequest
from alignment.exports import columns as listed
from alignment.exports.columns import KINDS, Column, Listing
from alignment.exports.services import TooManyExports, export
from alignment.kernel.sheets import Cell, Kind, Unwritable


def answer(
    request: PersonRequest, kind: str, listing: Listing, *, found: QuerySet[Any], columns: Sequence[Column]
) -> HttpResponseBase:
    """The rows of a query as a file."""
    rows = listed.rows(found, columns)
    return answer_rows(request, kind, listing, header=listed.header(columns), rows=rows, count=found.count())


def answer_rows(
    request: PersonRequest,
    kind: str,
    listing: Listing,
    *,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    count: int,
) -> HttpResponseBase:
    """These rows as a file; what a file cannot hold, and too many files, as a page that says what to do."""
    chosen, now = _kind(kind), timezone.now()
    asked = _arguments(request) | {name: values for name, values in request.GET.lists() if any(values)}
    asked.pop("page", None)
    try:
        written = export(
            listing=listing,
            asked=asked,
            kind=chosen,
            header=header,
            rows=rows,
            count=count,
            actor=request.user,
            now=now,
        )
    except Unwritable as fault:
        return _unwritable(request, chosen, listing, fault)
    except TooManyExports as refusal:
        page = render(request, "refused.html", {"message": refusal.message}, status=429)
        page["Retry-After"] = str(ceil(refusal.wait.total_seconds()))
        return page
    today = timezone.localdate(now, timezone=Organisation.get().zone)
    name = f"{listing.title}_{today:%Y-%m-%d}.{chosen.extension}"
    return FileResponse(written.file, as_attachment=True, filename=name, content_type=chosen.content_type)


def _kind(kind: str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        raise Http404 from None


def _arguments(request: PersonRequest) -> dict[str, list[str]]:
    """What the address itself says: the figure whose records are meant, the number of an import."""
    return {name: [str(value)] for name, value in _captured(request).items() if name != "kind"}


def _captured(request: PersonRequest) -> dict[str, Any]:
    """The parts of the address, without what the URL map adds to them."""
    match = request.resolver_match
    return match.captured_kwargs if match else {}  # type: ignore[attr-defined]  # the stubs lack it


def _unwritable(request: PersonRequest, kind: Kind, listing: Listing, fault: Unwritable) -> HttpResponse:
    """Which cells do not fit, and the other kinds of file in which they do."""
    others = [Kind.CSV, Kind.XLSX] if kind is Kind.CSV_SHIFT_JIS else [Kind.CSV]
    urls = {other.value: reverse(listing.name, kwargs=_captured(request) | {"kind": other.value}) for other in others}
    context = {
        "title": listing.title,
        "is_shift_jis": kind is Kind.CSV_SHIFT_JIS,
        "fault": fault,
        "others": [(KINDS[other], f"{url}?{request.GET.urlencode()}") for other, url in urls.items()],
    }
    return render(request, "exports/unwritable.html", context, status=422)
