"""The period that a person chooses: its last day belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alignment.kernel.periods import Period


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class PeriodForm(forms.Form):
    """From one day to another."""

    last = _day(_("Last day"))

    def __init__(self, data: Mapping[str, Any] | None = None, *, period: Period, auto_id: str = "id_%s") -> None:
        super().__init__(data, initial={"from": period.start, "last": period.last}, auto_id=auto_id)
        self.fields["from"] = _day(_("First day"))  # no name that Python lets an attribute have
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
