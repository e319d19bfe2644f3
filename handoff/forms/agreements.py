"""What both sides agreed: reasons for giving a lead back, and how long each duty may take."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alignment.kernel.forms import AsksByName, Form
from handoff.models import RejectionReason, SlaPolicy
from handoff.rules.next_steps import NextStep


class ReasonForm(AsksByName, forms.ModelForm):
    """A reason; its code never changes, so that history stays readable."""

    class Meta:
        model = RejectionReason
        fields = ["label_ja", "label_en", "next_step", "recycle_days", "needs_comment", "position", "is_active"]
        labels = {"position": _("Order")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["next_step"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (NextStep.RECYCLE.value, NextStep.RECYCLE.label),
            (NextStep.CLOSE.value, self.instance.closing),
        ]


class PolicyForm(Form):
    """How many business hours a duty may take."""

    hours = forms.DecimalField(
        label=_("Business hours"),
        min_value=0,
        max_value=2000,
        max_digits=6,
        decimal_places=2,
        error_messages={"required": _("Enter the number of business hours.")},
    )

    def clean_hours(self) -> int:
        """Minutes, as they are kept."""
        minutes = round(self.cleaned_data["hours"] * 60)
        if minutes < 1:
            raise forms.ValidationError(_("A duty needs some time."))
        return int(minutes)


def hours_of(policy: SlaPolicy) -> str:
    """The time of a policy as the form shows it."""
    return f"{policy.business_minutes / 60:g}"
