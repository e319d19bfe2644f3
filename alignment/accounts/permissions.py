"""What the token of a program was made for; what its person may do is asked by the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, BasePermission

from alignment.accounts.models import ApiToken
from alignment.accounts.scopes import Scope

if TYPE_CHECKING:  # Django REST framework imports this while loading itself
    from rest_framework.request import Request
    from rest_framework.views import APIView


def needed_scope(view: APIView, method: str) -> Scope | None:
    """The scope for this method of an operation: views that change something name theirs as ``writes``."""
    return Scope.READ if method in SAFE_METHODS else getattr(view, "writes", None)


class HasScope(BasePermission):
    """A token opens only what its scopes name; a change that no scope is named for is closed to every token.

    Sessions have no scopes.
    """

    code = "missing_scope"

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken):
            return True
        needed = needed_scope(view, request.method or "")
        self.message = _("This token was not made for this. It needs the scope %(scope)s.") % {"scope": needed or "–"}
        return needed is not None and needed.value in token.scopes
