"""What sales did, as the form on the page of a lead says it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.rules.activities import ActivityKind, Outcome


class ActivityForm(forms.Form):
    """One thing that was done, and what came of it. Which outcome fits which kind is checked by the service."""

    kind = forms.ChoiceField(
        label=_("What was done"),
        choices=ActivityKind.choices,
        error_messages={"required": _("Choose what was done.")},
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=Outcome.choices, error_messages={"required": _("Choose what came of it.")}
    )
    at = forms.DateTimeField(
        label=_("When"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    next_step_on = forms.DateField(
        label=_("Next step on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
