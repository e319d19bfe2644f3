"""Amounts are kept in one currency: a file in another one is refused, never read as if it were ours."""

from __future__ import annotations

from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation
from leads.services.importing.context import Row


def other_currency(given: str, ours: str) -> str:
    """Why amounts in this currency cannot be taken."""
    words = {"given": given[:20], "ours": ours}
    return _("The amounts are in %(given)s; here all amounts are in %(ours)s. Convert them first.") % words


def foreign(rows: list[Row]) -> dict[int, str]:
    """Why, by the number of each row that names another currency than the organisation's (one query at most)."""
    named = {row.number: given for row in rows if (given := row.fields.get("currency", "").upper())}
    ours = Organisation.get().currency if named else ""
    return {number: other_currency(given, ours) for number, given in named.items() if given != ours}
