"""How the API's documentation describes signing in with a token."""

from __future__ import annotations

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme


class TokenScheme(KnoxTokenScheme):
    """Our subclass of knox's authentication."""

    target_class = "alignment.accounts.authentication.TokenAuthentication"
    name = "token"
