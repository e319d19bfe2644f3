"""An authenticator app on a phone of the tests."""

from __future__ import annotations

from allauth.mfa.totp.internal import auth as totp

from alignment.accounts.models import User


def an_app_for(person: User) -> str:
    """Set up the app; the secret that it shares with us."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(person, secret)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now."""
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
