"""Which rows a figure is about: a period, one of two bases, one of a few groupings."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from alignment.kernel.periods import Period


class Basis(TextChoices):
    """What puts a row into the period: its own event, or the capture of its lead."""

    PERIOD = "period", _("by period")
    COHORT = "cohort", _("by cohort")


class GroupBy(TextChoices):
    """How figures may be broken down."""

    NONE = "none", _("not at all")
    SOURCE = "source", _("source")
    MONTH = "month", _("month")
    OWNER = "owner", _("owner")
    PRODUCT = "product", _("product")
    CAMPAIGN = "campaign", _("campaign")
    WEEK = "week", _("week")
    YEAR = "year", _("year")


@dataclass(frozen=True)
class Scope:
    """Days begin and end in ``zone``; with ``group`` (its key, which may be empty) only the rows of that group."""

    period: Period
    zone: ZoneInfo
    basis: Basis = Basis.PERIOD
    group_by: GroupBy = GroupBy.NONE
    group: str | None = None
