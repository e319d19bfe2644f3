"""The period that a person chooses: its last day belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.kernel import formats
from alignment.kernel.forms import Form
from alignment.kernel.periods import FIRST_DAY, LAST_DAY, Period

LAST_CHOICE = LAST_DAY - timedelta(days=1)  # the period ends on the day after


def _within_reach(day: date) -> None:
    """Refuse what the links of the page could not say."""
    if not FIRST_DAY <= day <= LAST_CHOICE:
        ends = {"first": formats.date(FIRST_DAY), "last": formats.date(LAST_CHOICE)}
        raise ValidationError(_("Enter a day between %(first)s and %(last)s.") % ends, code="out_of_reach")


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, validators=[_within_reach])


class PeriodForm(Form):
    """From one day to another."""

    last = _day(gettext_lazy("Last day"))

    def __init__(self, data: Mapping[str, Any] | None = None, *, period: Period, auto_id: str = "id_%s") -> None:
        super().__init__(data, initial={"from": period.start, "last": period.last}, auto_id=auto_id)
        self.fields["from"] = _day(gettext_lazy("First day"))  # no name that Python lets an attribute have
        self.order_fields(["from", "last"])

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("from") and found.get("last") and found["last"] < found["from"]:
            self.add_error("last", _("The last day must not be before the first."))
        return found

    @property
    def period(self) -> Period:
        """What was chosen; only of a valid form."""
        return Period(self.cleaned_data["from"], self.cleaned_data["last"] + timedelta(days=1))
