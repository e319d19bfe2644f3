"""The few database expressions that figures need and Django does not bring."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import Aggregate, FloatField, Func, IntegerField
from django.db.models.functions import TruncDate


class Median(Aggregate):
    """The middle value; between two, their mean (PostgreSQL's ``percentile_cont``)."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class DaysBetween(Func):
    """Calendar days from one moment to another, counted between their dates in ``zone``; may be negative."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()

    def __init__(self, later: str, earlier: str, *, zone: ZoneInfo) -> None:
        super().__init__(TruncDate(later, tzinfo=zone), TruncDate(earlier, tzinfo=zone))
