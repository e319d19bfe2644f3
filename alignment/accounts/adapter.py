"""allauth for a closed house: nobody signs up, people are invited; its mails leave through the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.services import passwords
from alignment.kernel import sealing
from alignment.outbox import services as outbox

log = structlog.get_logger(__name__)

FOLDER = "accounts/email"
SEALED = "sealed:"


@dataclass
class Stranger:
    """An address that nobody here has; it gets a mail all the same, so that nobody learns who is here."""

    email: str | None
    language: str
    time_zone: str


class InvitedOnlyAdapter(DefaultAccountAdapter):
    """No public sign-up; sign-in is by the address of the person."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Ask for the password again; allauth would want a row of its own for the address."""
        found = self.authenticate(self.request, email=user.get_username(), password=password)
        return found is not None and found.pk == user.pk

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """By our own door: a changed, set or reset password ends everything that the old one opened."""
        passwords.choose(person=cast(User, user), password=password)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a reset mail leads to our public address, whatever host the request named."""
        uid, _dash, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return f"{settings.SITE_URL}{path}"

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell somebody that the way into their account has changed."""
        self.send_mail(template_prefix, email or user.get_username(), (context or {}) | {"user": user})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write allauth's mail to the outbox, in words of our own; its link is sealed until it leaves."""
        what = template_prefix.rpartition("/")[2]
        links = {"link": context["password_reset_url"]} if "password_reset_url" in context else {}
        template = what if what in {"password_reset_key", "unknown_account"} else "account_changed"
        outbox.write(
            to=_recipient(email),
            template=f"{FOLDER}/{template}",
            context={"what": what, "email": email},
            secrets=links,
            now=timezone.now(),
        )


class InvitedOnlySocialAdapter(DefaultSocialAccountAdapter):
    """Single sign-on for people who were invited; an address that the provider did not verify links to nobody."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        is_known = sociallogin.is_existing or request.user.is_authenticated
        if not is_known and not any(address.verified for address in sociallogin.email_addresses):
            messages.error(request, _("This account is not known here. Ask an admin for an invitation."))
            raise ImmediateHttpResponse(redirect("account_login"))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """A provider that refuses is mostly a setting of ours; without this line nobody finds which."""
        log.error("sign_on_failed", provider=str(provider), error=str(error), exception_text=repr(exception))


class SealedFactorsAdapter(DefaultMFAAdapter):
    """Keeps the secrets of authenticator apps and recovery codes encrypted: who reads the table signs in as nobody.

    What was written in the clear before is read as it is. Reading takes the secret key or one of SECRET_KEY_FALLBACKS.
    """

    def encrypt(self, text: str) -> str:
        return SEALED + sealing.seal({"secret": text})

    def decrypt(self, encrypted_text: str) -> str:
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        return str(sealing.unseal(encrypted_text.removeprefix(SEALED))["secret"])


def _recipient(email: str) -> User | Stranger:
    person = User.objects.filter(email__iexact=email).first()
    if person is not None:
        return person
    language = translation.get_language() or settings.LANGUAGE_CODE
    return Stranger(email, language.split("-")[0], Organisation.get().time_zone)
