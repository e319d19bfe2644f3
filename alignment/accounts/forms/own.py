"""Forms about oneself."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from alignment.accounts.forms import choices
from alignment.accounts.forms.hours import OwnHoursForm, WeeklyHoursField
from alignment.accounts.scopes import Scope
from alignment.kernel.forms import Form

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ProfileForm(OwnHoursForm):
    """One's own name, language, zone, hours and shortcuts."""

    full_name = forms.CharField(label=_("Name"), max_length=150, error_messages={"required": _("Enter your name.")})
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=choices.time_zones)
    weekly_hours = WeeklyHoursField(
        label=_("Own hours"),
        required=False,
        help_text=_("Write times like 09:00–12:00, 13:00–18:00. A day left empty is a day off; deadlines skip it."),
    )
    shortcuts_enabled = forms.BooleanField(
        label=_("Keyboard shortcuts in lists"),
        required=False,
        help_text=_("Single keys that decide while a list has the focus."),
    )


class AbsenceForm(Form):
    """Days on which one is away."""

    starts_on = forms.DateField(
        label=_("First day"), widget=DAY, error_messages={"required": _("Choose the first day.")}
    )
    ends_on = forms.DateField(label=_("Last day"), widget=DAY, error_messages={"required": _("Choose the last day.")})
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class TokenForm(Form):
    """A new API token."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=100,
        help_text=_("So that you know later which program uses it."),
        error_messages={"required": _("Say what the token is for.")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it be used for?"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ],
        help_text=_("It never allows more than you may do yourself."),
        error_messages={"required": _("Choose what the token may be used for.")},
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year"))],
        initial=90,
    )

    def valid_for(self) -> timedelta:
        """How long the token shall work."""
        return timedelta(days=self.cleaned_data["days"])
