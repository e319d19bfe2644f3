"""Forms about the company: its settings, teams and days."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from alignment.accounts.forms import choices
from alignment.accounts.forms.hours import HoursForm, OwnHoursForm, WeeklyHoursField
from alignment.accounts.models import CompanyDay
from alignment.accounts.roles import Side
from alignment.kernel.forms import Form


class OrganisationForm(HoursForm):
    """The company's settings."""

    name = forms.CharField(
        label=_("Name of the company"), max_length=200, error_messages={"required": _("Enter the name.")}
    )
    default_language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("For people who have not chosen one.")
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=choices.time_zones, help_text=_("Days, months and reviews begin here.")
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=choices.currencies)
    fiscal_year_start_month = forms.TypedChoiceField(
        label=_("First month of the fiscal year"), choices=choices.months, coerce=int
    )
    holiday_country = forms.ChoiceField(
        label=_("Public holidays"),
        choices=choices.holiday_countries,
        required=False,
        help_text=_("Closed on these days, except where you open one under “Company days”."),
    )
    weekly_hours = WeeklyHoursField(
        label=_("Working hours"),
        help_text=_(
            "Write times like 09:00–12:00, 13:00–18:00. A day left empty is a day off; deadlines skip it. "
            "Teams and people may have their own hours."
        ),
        error_messages={"required": _("Give working hours for at least one weekday.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.initial.get("currency")
        if current and current not in choices.CURRENCIES:
            listed = self.fields["currency"].choices  # type: ignore[attr-defined]
            self.fields["currency"].choices = [(current, current), *listed]  # type: ignore[attr-defined]


class TeamForm(OwnHoursForm):
    """A team."""

    name = forms.CharField(
        label=_("Name of the team"), max_length=100, error_messages={"required": _("Enter the name of the team.")}
    )
    side = forms.ChoiceField(label=_("Side"), choices=Side.choices, widget=forms.RadioSelect)
    weekly_hours = WeeklyHoursField(
        label=_("Own hours"),
        required=False,
        help_text=_("Write times like 09:00–12:00, 13:00–18:00. A day left empty is a day off; deadlines skip it."),
    )
    own = _("Hours of its own")


class CompanyDayForm(Form):
    """A day that differs from the public calendar."""

    on = forms.DateField(
        label=_("Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose the day.")},
    )
    kind = forms.ChoiceField(label=_("On this day we are"), choices=CompanyDay.Kind.choices, widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("Name of the day"), max_length=100, required=False, help_text=_("For example: summer holiday")
    )
