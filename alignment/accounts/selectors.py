"""Who is here, and which days the company works."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet

from alignment.accounts.models import Absence, ApiToken, CompanyDay, Organisation, Team, User
from alignment.kernel.calendar import holiday_name


def people(*, q: str = "", position: str = "", team: Team | None = None, state: str = "") -> QuerySet[User]:
    """People by name, narrowed as asked; with team and invitation, so that a list costs one query."""
    found = User.objects.select_related("team", "invitation").order_by("-is_active", "full_name", "pk")
    if q:
        found = found.filter(Q(full_name__icontains=q) | Q(email__icontains=q))
    if position:
        role, _colon, side = position.partition(":")
        found = found.filter(role=role, **({"side": side} if side else {}))
    if team is not None:
        found = found.filter(team=team)
    return found.filter(_STATES[state]) if state else found


_INVITED = Q(is_active=False, invitation__accepted_at=None, invitation__isnull=False)
_STATES = {
    "active": Q(is_active=True),
    "invited": _INVITED,
    "inactive": Q(is_active=False) & ~_INVITED,
}


def teams() -> QuerySet[Team]:
    """Teams by side and name, with the number of their members who can sign in."""
    active = Count("members", filter=Q(members__is_active=True))
    return Team.objects.annotate(member_count=active).order_by("side", "name", "pk")


def namesakes(full_name: str) -> list[User]:
    """People of whom an import brought only this name, whatever its width, case and spaces."""
    wanted = _name_key(full_name)
    names_only = User.objects.filter(is_active=False, email=None).order_by("pk")
    return [person for person in names_only if wanted and _name_key(person.full_name) == wanted]


def _name_key(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def absences_of(user: User) -> QuerySet[Absence]:
    """When somebody is away, in order."""
    return user.absences.order_by("starts_on")


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """One's API tokens, newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created", "digest")


@dataclass(frozen=True)
class SpecialDay:
    """A day on which the company's calendar differs from the plain week."""

    on: date
    name: str
    kind: str
    holiday: str = ""
    id: int | None = None
    """The row of a company day; None for a public holiday."""

    @property
    def is_closed(self) -> bool:
        return self.kind != CompanyDay.Kind.OPEN


def special_days(*, year: int, organisation: Organisation, language: str) -> list[SpecialDay]:
    """The public holidays of a year and the company's own days, which win, in order of date."""
    public = _public_holidays(year, organisation.holiday_country, language)
    own = {day.on: day for day in CompanyDay.objects.filter(on__year=year)}
    days = [SpecialDay(on, name, "holiday", name) for on, name in public.items() if on not in own]
    days += [SpecialDay(on, day.name, day.kind, public.get(on, ""), day.pk) for on, day in own.items()]
    return sorted(days, key=lambda day: day.on)


def _public_holidays(year: int, country: str, language: str) -> dict[date, str]:
    first = date(year, 1, 1)
    days = (first + timedelta(days=number) for number in range(366))
    names = ((on, holiday_name(on, country=country, language=language)) for on in days if on.year == year)
    return {on: name for on, name in names if name}
