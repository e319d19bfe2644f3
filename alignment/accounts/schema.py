"""How the API's documentation describes signing in with a token."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme

from alignment.accounts.scopes import Scope


class TokenScheme(KnoxTokenScheme):
    """Our subclass of knox's authentication."""

    target_class = "alignment.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        scopes = ", ".join(f"`{scope}`" for scope in Scope.values)
        told = f"A token has one or more of the scopes {scopes}; each operation names the one that it needs."
        return super().get_security_definition(auto_schema) | {"description": told}
