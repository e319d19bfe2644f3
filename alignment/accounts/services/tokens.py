"""API tokens: a program signs in as its person, until the token ends or is taken back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import ApiToken, User
from alignment.accounts.scopes import Scope
from alignment.kernel.errors import InvalidInput, NotAllowed, NotFound


@transaction.atomic
def create_token(
    *, person: User, name: str, valid_for: timedelta, now: datetime, scopes: Collection[str] = tuple(Scope.values)
) -> tuple[ApiToken, str]:
    """Make a token; the second value is the token itself, which is known only now."""
    if not person.is_active:
        raise NotAllowed(_("This person may not sign in."))
    if not timedelta(0) < valid_for <= settings.API_TOKEN_VALID_FOR:
        raise InvalidInput(_("A token is valid for a year at most."), field="valid_for")
    if not scopes or not set(scopes) <= set(Scope.values):
        raise InvalidInput(_("Choose what the token may be used for."), field="scopes")
    kept = [scope for scope in Scope.values if scope in scopes]
    token, secret = ApiToken.objects.create(user=person, name=name, expiry=valid_for, scopes=kept)
    return token, secret


@transaction.atomic
def revoke_token(*, token_key: str, actor: User, now: datetime) -> None:
    """End one of one's own tokens; the next request with it is refused."""
    deleted, _by_model = ApiToken.objects.filter(user=actor, token_key=token_key).delete()
    if not deleted:
        raise NotFound(_("There is no such token."))
