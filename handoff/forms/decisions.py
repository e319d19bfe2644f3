"""What sales answers an offer with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alignment.kernel.forms import Form
from handoff.models import RejectionReason
from handoff.rules.next_steps import CLOSED, NextStep
from handoff.selectors.sentences import follows

AS_AGREED = ""
NEXT_STEPS = [
    (AS_AGREED, _("what goes with the reason")),
    (NextStep.RECYCLE, NextStep.RECYCLE.label),
    (NextStep.CLOSE, CLOSED),
]


class RejectForm(Form):
    """Why, and what should happen next. The rules of what goes together stand in the service."""

    reason = forms.ChoiceField(
        label=_("Why is it given back?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why the lead is given back.")},
    )
    comment = forms.CharField(
        label=_("What should marketing know?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    next_step = forms.ChoiceField(
        label=_("What should happen next?"), required=False, widget=forms.RadioSelect, initial=AS_AGREED
    )
    recycle_on = forms.DateField(
        label=_("Back to marketing on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: the day that goes with the reason."),
        error_messages={"invalid": _("Write the day as year-month-day, such as 2026-12-01.")},
    )

    def __init__(self, *args: Any, reasons: Iterable[RejectionReason], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(reasons)
        next_steps = follows(known, today=today)
        self._field("reason").choices = [
            (reason.code, f"{reason.label} → {next_steps[reason.code]}") for reason in known
        ]
        self._field("next_step").choices = NEXT_STEPS
        chosen = self["reason"].value()
        self._ask_for_comment(next((reason for reason in known if reason.code == chosen), None))

    def _ask_for_comment(self, chosen: RejectionReason | None) -> None:
        """Where the reason is chosen already, what is left to write gets the focus."""
        if chosen is None:
            return
        comment = self.fields["comment"]
        comment.required = chosen.needs_comment
        message = _("“%(reason)s” needs a comment: what should marketing know?")
        comment.error_messages["required"] = message % {"reason": chosen.label}
        comment.widget.attrs["data-focus"] = ""

    def clean(self) -> dict[str, Any]:
        """A date left in the form means nothing once the lead is to be closed."""
        cleaned = super().clean() or {}
        if cleaned.get("next_step") == NextStep.CLOSE:
            cleaned["recycle_on"] = None
        return cleaned

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field
