"""The errors that a rule may raise: every one carries a stable code and a message fit for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class DomainError(Exception):
    """A refused change. ``message`` is shown to the user as it stands, ``code`` is stable for programs.

    ``field`` names the input at fault (dotted path), empty when the whole request is meant. ``instead``: the name of
    the API's address, and the id, of what the same can be asked of.
    """

    code = "refused"
    http_status = 409
    instead: tuple[str, int] | None = None

    def __init__(self, message: str | _StrPromise, *, code: str | None = None, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.message)


class InvalidInput(DomainError):
    """The input cannot be understood; nothing was changed."""

    code = "invalid"
    http_status = 400


class NotAllowed(DomainError):
    """The actor may see the thing but not do this to it."""

    code = "not_allowed"
    http_status = 403


class NotFound(DomainError):
    """There is no such thing, or the viewer may not know of it: the two answers are the same."""

    code = "not_found"
    http_status = 404
