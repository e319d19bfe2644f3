"""What a person enters in a review; the services decide what of it is allowed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import User
from alignment.kernel.forms import Form
from reviews.kpis.registry import KPIS
from reviews.selectors.reviews import possible_owners


class _Person(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        user: User = obj
        return user.full_name


class ActionForm(Form):
    """An improvement: what, who, by when, and which figure it should move."""

    title = forms.CharField(label=_("What is to be done"), max_length=300)
    owner = _Person(label=_("Who takes it on"), queryset=User.objects.none())
    due_on = forms.DateField(label=_("By when"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    target_kpi = forms.ChoiceField(label=_("Figure it should move"), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["due_on"].widget.attrs["min"] = today.isoformat()
        self.fields["owner"].queryset = possible_owners()  # type: ignore[attr-defined]
        self.fields["target_kpi"].choices = [("", _("None in particular")), *[(kpi.key, kpi.label) for kpi in KPIS]]  # type: ignore[attr-defined]

    def clean_due_on(self) -> date:
        """What is to be done cannot be due in the past, seen from where the organisation is."""
        due_on: date = self.cleaned_data["due_on"]
        if due_on < self.today:
            raise ValidationError(gettext("Choose today or a later day."), code="past")
        return due_on


class MinutesForm(Form):
    """The minutes, and the version of them that was open while writing."""

    minutes = forms.CharField(
        label=_("Minutes"),
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("What went well and could be rolled out, what did not, what was decided."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
