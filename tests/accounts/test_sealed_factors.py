"""The table of second factors gives nothing away, and what it held before still opens."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection

from tests.accounts.second_factors import an_app_for, code_of


def kept() -> str:
    """All that the table holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(kept.data::text, ' ') FROM mfa_authenticator AS kept")
        return cursor.fetchone()[0]


def test_the_secret_of_an_app_is_not_in_the_table(mai):
    secret = an_app_for(mai)

    assert secret not in kept()
    assert TOTP(Authenticator.objects.get()).validate_code(code_of(secret))


def test_neither_recovery_codes_nor_their_seed_are_in_the_table(mai):
    codes = RecoveryCodes.activate(mai)

    stored = Authenticator.objects.get().data["seed"]

    assert stored.startswith("sealed:")
    assert not any(code in kept() for code in codes.get_unused_codes())
    assert RecoveryCodes(Authenticator.objects.get()).get_unused_codes() == codes.get_unused_codes()


def test_what_was_kept_in_the_clear_before_still_opens(mai):
    an_app_for(mai)
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    Authenticator.objects.update(data={"secret": secret})

    assert TOTP(Authenticator.objects.get()).validate_code(code_of(secret))


def test_a_former_secret_key_still_opens(mai, settings):
    secret, former = an_app_for(mai), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "x" * 60, [former]

    assert TOTP(Authenticator.objects.get()).validate_code(code_of(secret))
