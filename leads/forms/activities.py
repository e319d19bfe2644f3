"""What sales did: first the kind, then only the outcomes that fit it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alignment.kernel.forms import Form
from leads.models import Lead
from leads.rules.activities import OUTCOMES, ActivityKind


class ActivityForm(Form):
    """One activity of a known kind, with its outcome, a note and the next step."""

    kind = forms.ChoiceField(choices=ActivityKind.choices, widget=forms.HiddenInput)
    outcome = forms.ChoiceField(label=_("What came of it"), widget=forms.RadioSelect)
    note = forms.CharField(label=_("Note"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 2}))
    next_step_on = forms.DateField(
        label=_("Next step on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    at = forms.DateTimeField(
        label=_("When"),
        required=False,
        help_text=_("Empty: just now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, data: Any = None, *, kind: ActivityKind, initial: dict[str, Any] | None = None) -> None:
        outcomes = OUTCOMES[kind]
        first = {"kind": kind.value, "outcome": outcomes[0].value if len(outcomes) == 1 else None}
        super().__init__(data, auto_id=f"id_{kind.value}_%s", initial=first | (initial or {}))
        self.activity_kind = kind
        self.fields["outcome"].choices = [(one.value, one.label) for one in outcomes]  # type: ignore[attr-defined]
        if len(outcomes) == 1:
            self.fields["outcome"].widget = forms.HiddenInput()

    @property
    def label(self) -> str:
        """The kind in words."""
        return str(self.activity_kind.label)


def activity_forms(lead: Lead, *, today: date) -> list[ActivityForm]:
    """One form per kind, as the page of a lead offers them; a next step that is overdue is not planned once more."""
    planned = lead.next_step_on
    first = {"next_step_on": planned if planned and planned >= today else None}
    return [ActivityForm(kind=kind, initial=first) for kind in ActivityKind]
