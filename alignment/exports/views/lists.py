"""Who took which list as a file, for admins; and the lists of people and of this itself as files."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from alignment.accounts import selectors as accounts
from alignment.accounts.forms.people import PeopleFilter
from alignment.accounts.models import Organisation
from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.accounts.roles import Role, Side
from alignment.accounts.views.sections import sections
from alignment.exports import selectors
from alignment.exports.columns import KINDS, Column, Listing, in_words
from alignment.exports.forms import ExportFilter
from alignment.exports.models import Export
from alignment.exports.views.answers import answer
from alignment.kernel.htmx import wants_partial

PER_PAGE = 25
EXPORTS = Listing("exports:export", _("Exports"))
PEOPLE = Listing("exports:people", _("People"))


def _title(name: str) -> str:
    """What the list is called; by its name where there is none of it any more."""
    known = Listing.KNOWN.get(name)
    return str(known.title) if known else name


def _asked(asked: dict[str, Any]) -> str:
    """The filters as they stood in the address."""
    return ", ".join(f"{name}={' '.join(values)}" for name, values in asked.items())


EXPORT_COLUMNS = [
    Column(pgettext_lazy("export", "When"), "at"),
    Column(_("By whom"), "actor__full_name"),
    Column(_("e-mail address"), "actor__email"),
    Column(_("List"), "listing", _title),
    Column(_("Rows"), "row_count"),
    Column(_("Kind of file"), "kind", in_words(KINDS.items())),
    Column(_("Filters"), "asked", _asked),
]

PEOPLE_COLUMNS = [
    Column(_("name"), "full_name"),
    Column(_("e-mail address"), "email"),
    Column(_("role"), "role", in_words(Role.choices)),
    Column(_("side"), "side", in_words(Side.choices)),
    Column(_("team"), "team__name"),
    Column(_("can sign in"), "is_active"),
]


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """What was taken, newest first: by whom, which list, with which filters, how many rows."""
    request.user.require(Permission.SEE_EXPORTS)
    form, found = _found(request)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": [(one, _title(one.listing), KINDS.get(one.kind, one.kind), _asked(one.asked)) for one in page],
        "is_narrowed": any(form.cleaned_data.values()),
        "sections": sections(request, "exports:list"),
    }
    template = "exports/_list.html" if wants_partial(request) else "exports/list.html"
    return render(request, template, context)


@require_GET
def export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The same as a file, which is noted like any other."""
    request.user.require(Permission.SEE_EXPORTS)
    _form, found = _found(request)
    return answer(request, kind, EXPORTS, found=found, columns=EXPORT_COLUMNS)


@require_GET
def people(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The list of people in the settings, as it is narrowed there, as a file."""
    form = PeopleFilter(request.GET)
    form.is_valid()
    found = accounts.people(**{name: value for name, value in form.cleaned_data.items() if value})
    return answer(request, kind, PEOPLE, found=found, columns=PEOPLE_COLUMNS)


def _found(request: PersonRequest) -> tuple[ExportFilter, QuerySet[Export]]:
    form = ExportFilter(request.GET)
    form.is_valid()
    return form, selectors.exports(zone=Organisation.get().zone, **form.cleaned_data)
