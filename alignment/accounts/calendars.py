"""Whose business time is it? Builds the pure calendars of the kernel from the organisation's rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from alignment.accounts.models import Absence, CompanyDay, Organisation, Team, User
from alignment.kernel.calendar import BusinessCalendar, WeeklyHours, closed_days


@dataclass(frozen=True)
class Calendars:
    """The calendars of one operation; reads organisation and company days once (two queries).

    A person's calendar is that of their own hours or, where they set none, of their team or the organisation, less
    their absences.
    """

    organisation: Organisation

    @classmethod
    def load(cls) -> Calendars:
        return cls(organisation=Organisation.get())

    @cached_property
    def _closed(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Callable[[date], bool], see closed_days
        days = list(CompanyDay.objects.all())
        return closed_days(
            country=self.organisation.holiday_country,
            closed={day.on for day in days if day.kind == CompanyDay.Kind.CLOSED},
            opened={day.on for day in days if day.kind == CompanyDay.Kind.OPEN},
        )

    def of_organisation(self) -> BusinessCalendar:
        """The organisation's hours."""
        return self._build(self.organisation.zone, self.organisation.weekly_hours)

    def of_team(self, team: Team | None) -> BusinessCalendar:
        """The team's hours, else the organisation's."""
        return self._build(self.organisation.zone, (team and team.weekly_hours) or self.organisation.weekly_hours)

    def of_person(self, user: User) -> BusinessCalendar:
        """The person's own hours and zone less absences (one query)."""
        return self.of_people([user])[user.pk]

    def of_people(self, users: Iterable[User]) -> dict[int, BusinessCalendar]:
        """The calendars of several people by their id; one query, where their teams are loaded."""
        people = {user.pk: user for user in users}
        absent: dict[int, list[tuple[date, date]]] = {pk: [] for pk in people}
        for absence in Absence.objects.filter(user__in=people).order_by("pk"):
            absent[absence.user_id].append((absence.starts_on, absence.ends_on))
        return {
            pk: self._build(
                ZoneInfo(user.time_zone),
                user.weekly_hours or (user.team and user.team.weekly_hours) or self.organisation.weekly_hours,
                tuple(absent[pk]),
            )
            for pk, user in people.items()
        }

    def _build(self, zone: ZoneInfo, hours: object, absent: tuple[tuple[date, date], ...] = ()) -> BusinessCalendar:
        return BusinessCalendar(zone=zone, weekly=WeeklyHours.parse(hours), closed=self._closed, absent=absent)
