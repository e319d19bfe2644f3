"""Who works here, as what: each change acts on the person's very next request."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import ApiToken, Invitation, Team, User
from alignment.accounts.policies import Permission
from alignment.accounts.roles import Role, Side
from alignment.kernel.errors import DomainError, InvalidInput, NotFound

_SIDE_OF = {Role.MARKETER: Side.MARKETING, Role.SALES_REP: Side.SALES}


class LastAdmin(DomainError):
    """Without an admin nobody could invite anybody any more."""

    code = "last_admin"


@transaction.atomic
def edit_person(
    *, person_id: int, full_name: str, role: str, side: str, team: Team | None, actor: User, now: datetime
) -> User:
    """Change what somebody is called, does and belongs to."""
    actor.require(Permission.INVITE_PEOPLE)
    person = _locked(person_id)
    check_fit(role=role, side=side, team=team)
    if role != Role.ADMIN:
        _keep_an_admin(person)
    person.full_name, person.role, person.side, person.team = full_name, role, side, team
    person.save(update_fields=["full_name", "role", "side", "team"])
    return person


@transaction.atomic
def deactivate(*, person_id: int, actor: User, now: datetime) -> User:
    """Let somebody in no more: sessions, API tokens and an open invitation end in the same moment."""
    actor.require(Permission.INVITE_PEOPLE)
    person = _locked(person_id)
    if person.pk == actor.pk:
        raise InvalidInput(_("You cannot stop your own access. Ask another admin."), code="own_account")
    _keep_an_admin(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    _end_access(person)
    Invitation.objects.filter(user=person, accepted_at=None).delete()
    return person


@transaction.atomic
def activate(*, person_id: int, actor: User, now: datetime) -> User:
    """Let somebody in again who was in before; the password is as it was, sessions and tokens are not."""
    actor.require(Permission.INVITE_PEOPLE)
    person = _locked(person_id)
    if not person.email or not person.has_usable_password():
        raise InvalidInput(_("This person was never here. Send an invitation instead."), code="never_joined")
    person.is_active = True
    person.save(update_fields=["is_active"])
    return person


@transaction.atomic
def end_sessions(*, person_id: int, actor: User, now: datetime) -> User:
    """Sign somebody out everywhere, programs included: a lost laptop, a leaked token."""
    if person_id != actor.pk:
        actor.require(Permission.INVITE_PEOPLE)
    person = _locked(person_id)
    _end_access(person)
    return person


def check_fit(*, role: str, side: str, team: Team | None) -> None:
    """Refuse a role, side and team that do not go together."""
    if role not in Role.values or side not in {"", *Side.values}:
        raise InvalidInput(_("Choose one of the roles."), field="position")
    needed = _SIDE_OF.get(Role(role))
    if (needed and side != needed) or (role == Role.MANAGER and not side):
        raise InvalidInput(_("This role does not go with this side."), code="side_does_not_fit", field="position")
    if team is not None and team.side != side:
        raise InvalidInput(_("This team belongs to the other side."), code="team_does_not_fit", field="team")


def _locked(person_id: int) -> User:
    """The person, locked together with all admins and in one order, so that two cannot step down at once."""
    admins = Q(role=Role.ADMIN, is_active=True)
    locked = User.objects.filter(Q(pk=person_id) | admins).order_by("pk").select_for_update()
    for person in locked:
        if person.pk == person_id:
            return person
    raise NotFound(_("There is no such person."))


def _keep_an_admin(person: User) -> None:
    others = User.objects.active().filter(role=Role.ADMIN).exclude(pk=person.pk)
    if person.role == Role.ADMIN and person.is_active and not others.exists():
        raise LastAdmin(_("This is the only admin. Make somebody else an admin first."))


def _end_access(person: User) -> None:
    User.objects.filter(pk=person.pk).update(sessions_ended=F("sessions_ended") + 1)
    ApiToken.objects.filter(user=person).delete()
