"""Nobody signs up: an admin invites an address, and whoever reads its mail opens the door once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from alignment.accounts import selectors
from alignment.accounts.models import Invitation, Organisation, Team, User
from alignment.accounts.policies import Permission
from alignment.accounts.services.people import check_fit
from alignment.kernel import formats
from alignment.kernel.errors import DomainError, InvalidInput, NotFound
from alignment.outbox import services as outbox


class DoorIsClosed(DomainError):
    """The link is used, replaced, withdrawn or too old; which of these is not told."""

    code = "invitation_closed"
    http_status = 410


class NameIsKnown(DomainError):
    """An import brought this name; whether it is the same person is for the admin to say."""

    code = "name_is_known"


@transaction.atomic
def invite(
    *,
    email: str,
    full_name: str,
    role: str,
    side: str,
    team: Team | None,
    language: str,
    actor: User,
    now: datetime,
    same_as: int | None = None,
    is_somebody_else: bool = False,
) -> Invitation:
    """Invite an address; a former colleague who has it is invited back.

    Where an import brought the name alone, ``same_as`` (the id of that person, who then keeps what was imported for
    them) or ``is_somebody_else`` must say who is meant.
    """
    actor.require(Permission.INVITE_PEOPLE)
    email = email.strip().lower()
    person = User.objects.select_for_update().filter(email__iexact=email).first()
    if person is not None and person.is_active:
        raise InvalidInput(_("This person can already sign in."), code="already_active", field="email")
    if person is not None and same_as is not None:
        raise InvalidInput(_("A former colleague has this address already."), code="address_taken", field="email")
    check_fit(role=role, side=side, team=team)
    if person is None and not is_somebody_else:
        person = _from_import(full_name, same_as)
    if person is None:
        person = User.objects.create_user(
            email, full_name=full_name, role=role, side=side, team=team, language=language, is_active=False
        )
    else:
        values = {"email": email, "full_name": full_name, "role": role, "side": side, "team": team}
        for name, value in (values | {"language": language}).items():
            setattr(person, name, value)
        person.save(update_fields=[*values, "language"])
    return _open_door(person, actor, now)


@transaction.atomic
def resend(*, person_id: int, actor: User, now: datetime) -> Invitation:
    """Send a new link; the one before no longer opens."""
    actor.require(Permission.INVITE_PEOPLE)
    invitation = _invitation_of(person_id)
    return _open_door(invitation.user, actor, now)


@transaction.atomic
def withdraw(*, person_id: int, actor: User, now: datetime) -> User:
    """Close the door again; the person stays known and cannot sign in."""
    actor.require(Permission.INVITE_PEOPLE)
    invitation = _invitation_of(person_id)
    person = invitation.user
    invitation.delete()
    return person


def open_invitation(*, token_hash: str, now: datetime) -> Invitation:
    """The invitation that this hash opens just now; ``DoorIsClosed`` otherwise."""
    invitation = Invitation.objects.select_related("user", "invited_by").filter(token_hash=token_hash).first()
    if invitation is None or not invitation.is_open(now) or invitation.user.is_active:
        raise DoorIsClosed(_("This invitation no longer works. Ask an admin of your company for a new one."))
    return invitation


@transaction.atomic
def accept(*, token_hash: str, full_name: str, password: str, now: datetime) -> User:
    """Let the invited person in, once: of two who come at the same moment the second finds the door closed."""
    Invitation.objects.select_for_update().filter(token_hash=token_hash).first()
    invitation = open_invitation(token_hash=token_hash, now=now)
    person = invitation.user
    person.full_name, person.is_active = full_name, True
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), code="weak_password", field="password") from error
    person.set_password(password)
    person.save(update_fields=["full_name", "password", "is_active"])
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    # The link proves the address: single sign-on may trust it, and a password is not thrown away then.
    EmailAddress.objects.update_or_create(user=person, email=person.email, defaults={"verified": True, "primary": True})
    return person


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _from_import(full_name: str, same_as: int | None) -> User | None:
    """The person whose name an import brought, locked; None where it brought nobody of this name."""
    known = [person.pk for person in selectors.namesakes(full_name)]
    if same_as is None and known:
        raise NameIsKnown(
            _("Imported records name somebody like this. Say whether it is the same person."), field="same_as"
        )
    if same_as is None:
        return None
    person = User.objects.select_for_update().filter(pk=same_as, email=None, is_active=False).first()
    if person is None or person.pk not in known:
        raise InvalidInput(
            _("This person has an address by now. Look at the list of people, then send the form again."),
            code="already_matched",
            field="same_as",
        )
    return person


def _invitation_of(person_id: int) -> Invitation:
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(user_id=person_id, accepted_at=None, user__is_active=False)
        .first()
    )
    if invitation is None:
        raise NotFound(_("There is no open invitation for this person."))
    return invitation


def _open_door(person: User, actor: User, now: datetime) -> Invitation:
    token = secrets.token_urlsafe(32)
    expires_at = now + settings.INVITATION_VALID_FOR
    invitation, _is_new = Invitation.objects.update_or_create(
        user=person,
        defaults={
            "token_hash": hash_of(token),
            "invited_by": actor,
            "created_at": now,
            "expires_at": expires_at,
            "accepted_at": None,
        },
    )
    organisation = Organisation.get()
    with translation.override(person.language):
        context = {
            "name": person.full_name,
            "invited_by": actor.full_name,
            "organisation": organisation.name,
            "role": person.role_name,
            "until": formats.datetime(expires_at, zone=organisation.zone),
        }
    outbox.write(
        to=person,
        template="accounts/email/invitation",
        context=context,
        secrets={"link": f"{settings.SITE_URL}/invitations/{token}/"},
        now=now,
    )
    return invitation
