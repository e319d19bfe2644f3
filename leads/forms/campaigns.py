"""What marketing says of a campaign: its period, its promise, and what it cost in each month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.kernel import formats
from alignment.kernel.forms import Form
from leads.forms.amounts import AmountField
from leads.models import Campaign
from leads.rules.costs import Costs, added, months_of, outside, read_month, spread


class MonthField(forms.CharField):
    """A month as browsers send it (2026-04) or as people type it (2026/4, 2026年4月); cleaned to its first day."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "2026-04"})

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        if (month := read_month(text)) is None:
            raise forms.ValidationError(_("Write the month as year-month, such as 2026-04."))
        return month


@dataclass(frozen=True)
class MonthLine:
    """One month of the table of costs."""

    month: date
    field: BoundField
    is_outside: bool


class CampaignForm(Form):
    """Marketing work with a period, a channel and its costs by month.

    Opened with a line for every month of the period and every month that has costs. What is entered without a month is
    spread over the period where the person wants it so.
    """

    name = forms.CharField(label=gettext_lazy("Name of the campaign"), max_length=200)
    channel = forms.CharField(
        label=gettext_lazy("Channel"),
        required=False,
        max_length=50,
        help_text=gettext_lazy("Web, exhibition, seminar, mail …"),
    )
    promise = forms.CharField(
        label=gettext_lazy("Promise"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("What the lead was told to expect. Sales reads it before the first call."),
    )
    starts_on = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    undated = AmountField(
        label=gettext_lazy("Cost without a month"),
        required=False,
        max_digits=14,
        help_text=gettext_lazy("It counts in the total of the campaign, and in no month's figures."),
    )
    spread = forms.BooleanField(
        label=gettext_lazy("Spread it over the months from the first day to the last"), required=False
    )
    other_month = MonthField(label=gettext_lazy("Another month"), required=False)
    other_amount = AmountField(label=gettext_lazy("Cost of that month"), required=False, max_digits=14)
    FACTS = ("name", "channel", "promise", "starts_on", "ends_on")

    def __init__(
        self, data: Any = None, *, campaign: Campaign | None = None, costs: Mapping[date | None, Decimal] | None = None
    ) -> None:
        stored = costs or {}
        initial: dict[str, Any] = {name: getattr(campaign, name) for name in self.FACTS} if campaign else {}
        super().__init__(data, initial=initial | {"undated": stored.get(None), "spread": campaign is None})
        self.campaign, self.stored = campaign, stored
        if campaign is None:
            self.fields["undated"].label = _("Cost in all")
            self.fields["undated"].help_text = _("Month by month you enter it once the campaign is saved.")
        planned = months_of(campaign.starts_on, campaign.ends_on) if campaign else []
        self.months = sorted({*planned, *(month for month in stored if month)})
        for month in self.months:
            self.fields[_name(month)] = AmountField(
                label=month_words(month),
                required=False,
                max_digits=14,
                initial=stored.get(month),
            )

    def lines(self) -> list[MonthLine]:
        """The months as the page lists them."""
        period = {name: getattr(self.campaign, name, None) for name in ("starts_on", "ends_on")}
        apart = set(outside(dict.fromkeys(self.months, Decimal(1)), **period))
        return [MonthLine(month, self[_name(month)], month in apart) for month in self.months]

    def clean(self) -> dict[str, Any]:
        """A further month with its amount, or neither; nothing to spread where the period is open."""
        cleaned = super().clean() or {}
        if "other_month" in cleaned and cleaned.get("other_amount") and not cleaned["other_month"]:
            self.add_error("other_month", _("Say which month this was."))
        if cleaned.get("other_month") and cleaned["other_month"] in self.months:
            self.add_error("other_month", _("This month has a line of its own above."))
        return cleaned

    def facts(self) -> dict[str, Any]:
        """What is said of the campaign beside its costs."""
        return {name: self.cleaned_data[name] for name in self.FACTS}

    def costs(self) -> Costs:
        """All costs as they shall be."""
        cleaned = self.cleaned_data
        found = Costs({month: cleaned[_name(month)] or Decimal(0) for month in self.months})
        if cleaned["other_month"] and cleaned["other_amount"]:
            found[cleaned["other_month"]] = cleaned["other_amount"]
        undated = cleaned["undated"] or Decimal(0)
        if cleaned["spread"]:
            return added(found, spread(undated, starts_on=cleaned["starts_on"], ends_on=cleaned["ends_on"]))
        return found | {None: undated}


def month_words(month: date) -> str:
    """April 2026; 2026年4月."""
    return formats.period(month, (month + timedelta(days=31)).replace(day=1))


def _name(month: date) -> str:
    return f"cost_{month:%Y_%m}"
