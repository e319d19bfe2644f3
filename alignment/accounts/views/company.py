"""The company: its settings, its teams, the days on which it works."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts import selectors
from alignment.accounts.forms.company import CompanyDayForm, OrganisationForm, TeamForm
from alignment.accounts.models import CompanyDay, Organisation, Team
from alignment.accounts.policies import Permission
from alignment.accounts.selectors import SpecialDay
from alignment.accounts.services import organisation as services
from alignment.accounts.views.requests import person
from alignment.accounts.views.sections import sections
from alignment.kernel.errors import DomainError
from alignment.kernel.hours import WEEKDAYS
from alignment.kernel.htmx import redirect
from alignment.kernel.inputs import whole_number

FIRST_YEAR, LAST_YEAR = 2000, 2098


@require_http_methods(["GET", "POST"])
def organisation(request: HttpRequest) -> HttpResponse:
    """The company's settings."""
    actor = person(request)
    actor.require(Permission.EDIT_ORGANISATION)
    current = Organisation.get()
    names = OrganisationForm.base_fields.keys() - {"hours_confirmed"}
    form = OrganisationForm(request.POST or None, initial={name: getattr(current, name) for name in names})
    if form.is_valid():
        try:
            services.edit_organisation(**form.cleaned_data, actor=actor, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The settings of the company are saved."))
            return redirect(request, "accounts:organisation")
    context = {"form": form, "sections": sections(request, "accounts:organisation")}
    return render(request, "accounts/company/organisation.html", context, status=422 if form.errors else 200)


@require_GET
def teams(request: HttpRequest) -> HttpResponse:
    """All teams."""
    context = {
        "teams": selectors.teams(),
        "may_edit": person(request).may(Permission.EDIT_ORGANISATION),
        "sections": sections(request, "accounts:teams"),
    }
    return render(request, "accounts/company/teams.html", context)


@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new team, or one to change."""
    actor = person(request)
    actor.require(Permission.EDIT_ORGANISATION)
    edited = get_object_or_404(Team, pk=pk) if pk else None
    initial = {name: getattr(edited, name) for name in ("name", "side", "weekly_hours")} if edited else {}
    company = Organisation.get().weekly_hours
    form = TeamForm(request.POST or None, initial=initial, inherited=company, from_team=False)
    if form.is_valid():
        try:
            saved = services.save_team(team_id=pk, **form.cleaned_data, actor=actor, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The team %(name)s is saved.") % {"name": saved.name})
            return redirect(request, "accounts:teams")
    context = {"form": form, "team": edited, "sections": sections(request, "accounts:teams")}
    return render(request, "accounts/company/team.html", context, status=422 if form.errors else 200)


@require_POST
def team_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a team that nothing refers to."""
    services.remove_team(team_id=pk, actor=person(request), now=timezone.now())
    messages.success(request, _("The team is removed."))
    return redirect(request, "accounts:teams")


@require_http_methods(["GET", "POST"])
def company_days(request: HttpRequest) -> HttpResponse:
    """One year: public holidays and the company's own days."""
    actor = person(request)
    year = _year(request)
    form = CompanyDayForm(request.POST or None, initial={"kind": CompanyDay.Kind.CLOSED})
    if request.method == "POST":
        actor.require(Permission.EDIT_ORGANISATION)
    if form.is_valid():
        try:
            added = services.add_company_day(**form.cleaned_data, actor=actor, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The day is in the list."))
            return redirect(request, f"{reverse('accounts:company-days')}?year={added.on.year}")
    current = Organisation.get()
    days = selectors.special_days(year=year, organisation=current, language=translation.get_language() or "en")
    context = {
        "form": form,
        "year": year,
        "days": days,
        "months": _months(year, days, current),
        "may_edit": actor.may(Permission.EDIT_ORGANISATION),
        "sections": sections(request, "accounts:company-days"),
    }
    return render(request, "accounts/company/days.html", context, status=422 if form.errors else 200)


@require_POST
def company_day_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a day be what the public calendar says."""
    on = services.remove_company_day(day_id=pk, actor=person(request), now=timezone.now())
    messages.success(request, _("The day is no longer in the list."))
    return redirect(request, f"{reverse('accounts:company-days')}?year={on.year}")


@dataclass(frozen=True)
class Cell:
    """A day in the picture of a month."""

    on: date
    kind: str
    """plain and off by the working hours; holiday, closed and open where the day is a special one."""
    name: str = ""


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday; None fills up the first and the last week."""

    first: date
    weeks: list[list[Cell | None]]


def _months(year: int, days: list[SpecialDay], current: Organisation) -> list[Month]:
    special = {day.on: Cell(day.on, day.kind, day.name or day.holiday) for day in days}
    weeks_of = calendar.Calendar(firstweekday=0).monthdatescalendar

    def cell(on: date) -> Cell:
        is_open = bool(current.weekly_hours.get(WEEKDAYS[on.weekday()]))
        return special.get(on) or Cell(on, "plain" if is_open else "off")

    return [
        Month(
            date(year, month, 1),
            [[cell(on) if on.month == month else None for on in week] for week in weeks_of(year, month)],
        )
        for month in range(1, 13)
    ]


def _year(request: HttpRequest) -> int:
    this_year = timezone.localdate().year
    asked = whole_number(request.GET.get("year", ""))
    return asked if asked is not None and FIRST_YEAR <= asked <= LAST_YEAR else this_year
