"""The company's own settings: what its days, months and money are, and which teams it has."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import CompanyDay, Organisation, Team, User
from alignment.accounts.policies import Permission
from alignment.accounts.roles import Side
from alignment.kernel.calendar import WeeklyHours
from alignment.kernel.errors import DomainError, InvalidInput, NotFound


@transaction.atomic
def edit_organisation(
    *,
    name: str,
    time_zone: str,
    currency: str,
    fiscal_year_start_month: int,
    holiday_country: str,
    weekly_hours: dict[str, Any],
    default_language: str,
    actor: User,
    now: datetime,
) -> Organisation:
    """Change the company's settings; deadlines that already run keep the moment they were given."""
    actor.require(Permission.EDIT_ORGANISATION)
    Organisation.get()
    organisation = Organisation.objects.select_for_update().get()
    organisation.name, organisation.time_zone, organisation.currency = name, time_zone, currency
    organisation.fiscal_year_start_month = fiscal_year_start_month
    organisation.holiday_country = holiday_country
    organisation.weekly_hours = _checked_hours(weekly_hours)
    organisation.default_language = default_language
    try:
        organisation.full_clean(validate_unique=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(" ".join(messages), field=field) from error
    organisation.save()
    return organisation


@transaction.atomic
def save_team(
    *, team_id: int | None, name: str, side: str, weekly_hours: dict[str, Any] | None, actor: User, now: datetime
) -> Team:
    """Make a team, or change one. Its side stays while it has members: they would change theirs unseen."""
    actor.require(Permission.EDIT_ORGANISATION)
    team = Team() if team_id is None else _locked_team(team_id)
    if side not in Side.values:
        raise InvalidInput(_("Choose the side of the team."), field="side")
    if team.pk and team.side != side and team.members.exists():
        raise InvalidInput(
            _("This team has members; move them before it changes sides."), code="team_has_members", field="side"
        )
    if Team.objects.filter(name__iexact=name).exclude(pk=team.pk).exists():
        raise InvalidInput(_("There is already a team with this name."), code="name_taken", field="name")
    team.name, team.side = name, side
    team.weekly_hours = _checked_hours(weekly_hours) if weekly_hours else None
    team.save()
    return team


@transaction.atomic
def remove_team(*, team_id: int, actor: User, now: datetime) -> None:
    """Remove a team that nobody and nothing refers to."""
    actor.require(Permission.EDIT_ORGANISATION)
    team = _locked_team(team_id)
    if team.members.exists():
        raise DomainError(_("This team has members; move them first."), code="team_has_members")
    try:
        team.delete()
    except models.ProtectedError as error:
        raise DomainError(_("This team is named in rules or handoffs and stays."), code="team_in_use") from error


@transaction.atomic
def add_company_day(*, on: date, kind: str, name: str, actor: User, now: datetime) -> CompanyDay:
    """Close the company on a day, or open it on one that is a public holiday or a weekend."""
    actor.require(Permission.EDIT_ORGANISATION)
    if kind not in CompanyDay.Kind.values:
        raise InvalidInput(_("Choose whether the company is open or closed."), field="kind")
    day, is_new = CompanyDay.objects.get_or_create(on=on, defaults={"kind": kind, "name": name})
    if not is_new:
        raise InvalidInput(_("This day is already in the list."), code="day_taken", field="on")
    return day


@transaction.atomic
def remove_company_day(*, day_id: int, actor: User, now: datetime) -> date:
    """Let a day be what the public calendar says."""
    actor.require(Permission.EDIT_ORGANISATION)
    day = CompanyDay.objects.select_for_update().filter(pk=day_id).first()
    if day is None:
        raise NotFound(_("This day is not in the list."))
    on = day.on
    day.delete()
    return on


def _locked_team(team_id: int) -> Team:
    team = Team.objects.select_for_update().filter(pk=team_id).first()
    if team is None:
        raise NotFound(_("There is no such team."))
    return team


def _checked_hours(value: dict[str, Any]) -> dict[str, list[list[str]]]:
    hours = WeeklyHours.parse(value).to_json()
    if not hours:
        raise InvalidInput(_("Give working hours for at least one weekday."), field="weekly_hours")
    return hours
