"""Which moments can have happened, or be planned, in the life of a company. Pure."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput

FIRST_YEAR, LAST_YEAR = 1970, 2126
"""The last is a hundred years after this was written: far beyond any plan, and the same whenever it is asked."""


def plausible(moment: datetime) -> bool:
    """True for a moment of the years 1970 to 2126, read in its own zone.

    Other tools write "no date" as the year 1, which no zone east of Greenwich can hold, or as the year 9999.
    """
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def check_moment(moment: datetime, *, field: str) -> None:
    """Refuse a moment that cannot be meant, by the field that holds it and the date that was found."""
    if not plausible(moment):
        message = _("The date %(date)s cannot be right: enter one from %(first)d to %(last)d.")
        words = {"date": moment.date().isoformat(), "first": FIRST_YEAR, "last": LAST_YEAR}
        raise InvalidInput(message % words, field=field)
