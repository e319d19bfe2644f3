"""The forms of allauth at the door, asking for what is missing as ours do. Named in the settings."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as second_factor
from allauth.mfa.totp import forms as totp
from django.utils.translation import gettext_lazy as _

from alignment.kernel.forms import AsksByName

ADDRESS = _("E-mail address")
"""As everywhere else here; allauth says “Email”."""


class LoginForm(AsksByName, account.LoginForm):
    """Sign in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = ADDRESS


class ReauthenticateForm(AsksByName, account.ReauthenticateForm):
    """Say the password once more."""


class ResetPasswordForm(AsksByName, account.ResetPasswordForm):
    """Ask for a way to a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = ADDRESS


class ResetPasswordKeyForm(AsksByName, account.ResetPasswordKeyForm):
    """Choose the new password."""


class ChangePasswordForm(AsksByName, account.ChangePasswordForm):
    """Change one's password."""


class SetPasswordForm(AsksByName, account.SetPasswordForm):
    """Choose a password where there was none."""


class AuthenticateForm(AsksByName, second_factor.AuthenticateForm):
    """Enter the code of the second factor."""


class ReauthenticateByCodeForm(AsksByName, second_factor.ReauthenticateForm):
    """Enter the code once more."""


class ActivateTOTPForm(AsksByName, totp.ActivateTOTPForm):
    """Show that the second factor works."""
