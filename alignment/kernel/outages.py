"""A database that does not answer in time or at all, in words that are true."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _

FAULTS = (OperationalError, InterfaceError)
RETRY_AFTER = 5
"""Seconds after which it is worth trying again."""

BUSY = _("The system is busy just now. Nothing was changed. Try again in a few seconds.")
LOST = _(
    "The database did not answer. If you were saving something, it may be saved or not: "
    "look before you try again in a few seconds."
)

# lock_timeout, statement_timeout, deadlock, serialization failure: the database lives and has undone the transaction.
_UNDONE = frozenset({"55P03", "57014", "40P01", "40001"})


def is_undone(error: BaseException) -> bool:
    """True where the database says that it undid the change; a connection that broke may have lost only the answer."""
    return getattr(error.__cause__, "pgcode", None) in _UNDONE
