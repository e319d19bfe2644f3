"""A password alone is not enough for those who can change the rules, or for everybody: REQUIRE_MFA says for whom.

Whoever came by single sign-on is the provider's matter. Programs come with a token, which is made on a page and thus by
somebody with a second factor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.roles import Role
from alignment.kernel.htmx import redirect

SECOND_FACTORS: Final = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
OPEN: Final = frozenset(
    {
        "accounts:second-factor",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_reauthenticate",
        "account_reauthenticate",
        "account_login",
        "account_logout",
        "set_language",
        "set_theme",
        "health:live",
        "health:ready",
    }
)
"""What stays reachable until the second factor is there: setting it up, reading about it, and leaving."""

_CONCERNED: Final = {
    "nobody": frozenset[str](),
    "managers": frozenset({Role.MANAGER.value, Role.ADMIN.value}),
    "everyone": frozenset(Role.values),
}


def is_missing(request: HttpRequest) -> bool:
    """True where the signed-in person must still set up a second factor."""
    user = request.user
    if not isinstance(user, User) or user.role not in _CONCERNED[settings.REQUIRE_MFA]:
        return False
    came_by_single_sign_on = any(
        record["method"] == "socialaccount" for record in get_authentication_records(request, user)
    )
    return not came_by_single_sign_on and not is_mfa_enabled(user, SECOND_FACTORS)


class SecondFactorMiddleware:
    """Leads those whose second factor is missing to the page that helps them set it up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Called by Django before each view; None lets it go on."""
        match = request.resolver_match
        if match is None or match.view_name in OPEN or not is_missing(request):
            return None
        if request.path.startswith("/api/"):
            detail = _("Set up your authenticator app first: open this portal in a browser.")
            error = {"code": "second_factor_required", "detail": detail, "attr": None}
            return JsonResponse({"type": "client_error", "errors": [error]}, status=403)
        return redirect(request, "accounts:second-factor")
