"""What each person decides for themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import Absence, User, validate_time_zone
from alignment.accounts.policies import Permission
from alignment.kernel.calendar import WeeklyHours
from alignment.kernel.errors import InvalidInput, NotAllowed, NotFound


@transaction.atomic
def edit_profile(
    *,
    actor: User,
    full_name: str,
    language: str,
    time_zone: str,
    weekly_hours: dict[str, Any] | None,
    shortcuts_enabled: bool,
    now: datetime,
) -> User:
    """Change one's own name, language, zone, hours and keyboard shortcuts. No hours: those of the team."""
    _check_language(language)
    validate_time_zone(time_zone)
    person = User.objects.select_for_update().get(pk=actor.pk)
    person.full_name, person.language, person.time_zone = full_name, language, time_zone
    person.weekly_hours = WeeklyHours.parse(weekly_hours).to_json() if weekly_hours else None
    person.shortcuts_enabled = shortcuts_enabled
    person.save(update_fields=["full_name", "language", "time_zone", "weekly_hours", "shortcuts_enabled"])
    return person


def choose_language(*, actor: User, language: str) -> None:
    """Show pages and mails in this language from now on."""
    _check_language(language)
    User.objects.filter(pk=actor.pk).update(language=language)


def switch_shortcuts(*, actor: User, is_enabled: bool) -> None:
    """Turn one's own keyboard shortcuts on or off."""
    User.objects.filter(pk=actor.pk).update(shortcuts_enabled=is_enabled)


@transaction.atomic
def add_absence(*, person_id: int, starts_on: date, ends_on: date, note: str, actor: User, now: datetime) -> Absence:
    """Note that somebody is away, both days included: nothing is offered to them then."""
    person = User.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise NotFound(_("There is no such person."))
    check_may_plan_for(person=person, actor=actor)
    if ends_on < starts_on:
        raise InvalidInput(_("The last day must not be before the first."), field="ends_on")
    if Absence.objects.filter(user=person, starts_on__lte=ends_on, ends_on__gte=starts_on).exists():
        raise InvalidInput(_("Some of these days are already noted."), code="overlap", field="starts_on")
    return Absence.objects.create(user=person, starts_on=starts_on, ends_on=ends_on, note=note)


@transaction.atomic
def remove_absence(*, absence_id: int, actor: User, now: datetime) -> User:
    """Take an absence back."""
    absence = Absence.objects.select_for_update(of=("self",)).select_related("user").filter(pk=absence_id).first()
    if absence is None:
        raise NotFound(_("There is no such absence."))
    check_may_plan_for(person=absence.user, actor=actor)
    absence.delete()
    return absence.user


def may_plan_for(*, person: User, actor: User) -> bool:
    """One's own absences, those of one's side for its manager, all for an admin."""
    is_own = person.pk == actor.pk
    is_their_manager = actor.is_active and actor.is_manager and person.side == actor.side
    return is_own or is_their_manager or actor.may(Permission.INVITE_PEOPLE)


def check_may_plan_for(*, person: User, actor: User) -> None:
    """Refuse to plan for somebody whose absences are not the actor's business."""
    if not may_plan_for(person=person, actor=actor):
        raise NotAllowed(_("Your role does not allow this."))


def _check_language(language: str) -> None:
    if language not in dict(settings.LANGUAGES):
        raise InvalidInput(_("Choose one of the languages."), field="language")
