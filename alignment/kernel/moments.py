"""Which moments can have happened, or be planned, in the life of a company. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput

FIRST_YEAR = 1970
YEARS_AHEAD = 100


def plausible(moment: datetime, *, now: datetime | None = None) -> bool:
    """True for the year 1970 or later and at most 100 years ahead (of ``now``), read in the moment's own zone.

    Other tools write "no date" as the year 1, which no zone east of Greenwich can hold, or as the year 9999.
    """
    this_year = (now or datetime.now(UTC)).year
    return FIRST_YEAR <= moment.year <= this_year + YEARS_AHEAD


def check_moment(moment: datetime, *, field: str) -> None:
    """Refuse a moment that cannot be meant, by the field that holds it and the date that was found."""
    if not plausible(moment):
        message = _("The date %(date)s cannot be right: enter one from 1970 on and at most 100 years ahead.")
        raise InvalidInput(message % {"date": moment.date().isoformat()}, field=field)
