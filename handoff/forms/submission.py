"""A new lead, as a marketer writes it down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alignment.kernel.errors import InvalidInput
from alignment.kernel.forms import Form
from leads.forms.amounts import PeopleField
from leads.models import Campaign
from leads.rules import normalise
from leads.rules.fields import TouchKind
from leads.services.capture import LeadData, TouchData

TOUCH_ROWS = 2
MOST_TOUCHES = 20
ONE_OF_THREE = _("Enter at least a name, an e-mail address or a company.")
OFFERED_SOURCE = _("“%(source)s” was filled in from the campaign. Send the form again to keep it.")
IN_SUMMARY = {
    "future": _("Touch %(number)d, date: enter today or an earlier day."),
    "invalid": _("Touch %(number)d, date: write the day as year-month-day, such as 2026-12-01."),
    "no_kind": _("Touch %(number)d: choose what they did, or empty the row."),
}
"""The faults of a row in whole sentences, by their code."""
ELSE_IN_SUMMARY = _("Touch %(number)d, %(field)s: %(message)s")


class LeadForm(Form):
    """Person, company, where the lead came from.

    ``once`` names the form: the same one sent twice makes one lead. ``warned``: the address of which the page has said
    that it is known already.
    """

    once = forms.UUIDField(
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),  # or Firefox brings the old one back
        required=False,
        initial=uuid4,
        error_messages={"invalid": _("This form is not complete any more. Load the page again and fill it in anew.")},
    )
    full_name = forms.CharField(label=_("Name"), max_length=200, required=False)
    full_name_kana = forms.CharField(label=_("Name in kana"), max_length=200, required=False)
    email = forms.CharField(label=_("E-mail address"), max_length=254, required=False)
    warned = forms.CharField(max_length=254, required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    job_title = forms.CharField(label=_("Job title"), max_length=100, required=False)
    department = forms.CharField(label=_("Department"), max_length=100, required=False)
    company_name = forms.CharField(label=_("Company"), max_length=200, required=False)
    industry = forms.CharField(
        label=_("Industry"), max_length=100, required=False, widget=forms.TextInput(attrs={"list": "known-industry"})
    )
    prefecture = forms.CharField(
        label=_("Prefecture"), max_length=20, required=False, widget=forms.TextInput(attrs={"list": "known-prefecture"})
    )
    employee_count = PeopleField(label=_("Employees"), required=False)
    source = forms.CharField(
        label=_("Source"),
        max_length=100,
        widget=forms.TextInput(attrs={"list": "known-source"}),
        help_text=_("Where the lead came from: the web site, an exhibition, a seminar."),
        error_messages={"required": _("Enter where the lead came from.")},
    )
    campaign = forms.ModelChoiceField(
        label=_("Campaign"), queryset=Campaign.objects.none(), required=False, empty_label=_("none")
    )
    note = forms.CharField(
        label=_("Note for sales"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What would you tell the colleague on the phone?"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["campaign"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Campaign.objects.order_by("-starts_on", "name")

    def clean_email(self) -> str:
        """Checked here too, so that every fault is said at once; the service stays the judge."""
        with _said_in_the_form():
            normalise.email(self.cleaned_data["email"])
        return str(self.cleaned_data["email"])

    def clean_phone(self) -> str:
        with _said_in_the_form():
            normalise.phone(self.cleaned_data["phone"])
        return str(self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        """Somebody has to be there to be handed over."""
        cleaned = super().clean() or {}
        if not any(cleaned.get(name) or name in self.errors for name in ("full_name", "email", "company_name")):
            self.add_error("full_name", ONE_OF_THREE)
        return cleaned

    def with_source(self, source: str) -> LeadForm:
        """The same form with the source that its campaign offers, to be looked at before it is sent."""
        offered = LeadForm({**self._sent(), "source": source})
        offered.add_error("source", OFFERED_SOURCE % {"source": source})
        return offered

    def after_warning(self) -> LeadForm:
        """The same form, which sent once more goes on with an address that is known."""
        return LeadForm({**self._sent(), "warned": self.cleaned_data["email"]})

    def _sent(self) -> dict[str, Any]:
        return {name: self.data.get(name) for name in self.data}


class TouchForm(Form):
    """One thing the lead did; an empty row is left out."""

    kind = forms.ChoiceField(label=_("What they did"), choices=[("", "–"), *TouchKind.choices], required=False)
    on = forms.DateField(
        label=_("Date (empty: today)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _("Write the day as year-month-day, such as 2026-12-01.")},
    )
    detail = forms.CharField(label=_("What exactly"), max_length=300, required=False)

    def clean_on(self) -> date | None:
        """Nobody has done tomorrow's."""
        day: date | None = self.cleaned_data["on"]
        if day is not None and day > timezone.localdate():
            raise forms.ValidationError(_("Enter today or an earlier day."), code="future")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("kind") and (cleaned.get("detail") or cleaned.get("on")):
            self.add_error("kind", forms.ValidationError(_("Choose what they did, or empty the row."), code="no_kind"))
        return cleaned


TouchForms = forms.formset_factory(
    TouchForm, extra=TOUCH_ROWS, max_num=MOST_TOUCHES, absolute_max=MOST_TOUCHES + 1, validate_max=True
)


def touch_errors(rows: forms.BaseFormSet[TouchForm]) -> list[dict[str, str]]:
    """What has to be mended in the touches, for the summary on top: each line names its touch."""
    found = [{"message": str(message), "id": ""} for message in rows.non_form_errors()]
    for number, row in enumerate(rows.forms, start=1):
        for name, errors in row.errors.as_data().items():
            for error in errors:
                words = {"number": number, "field": row[name].label, "message": " ".join(error.messages)}
                line = IN_SUMMARY.get(str(error.code), ELSE_IN_SUMMARY) % words
                found.append({"message": line, "id": row[name].id_for_label})
    return found


def lead_data(form: LeadForm, touches: forms.BaseFormSet[TouchForm]) -> LeadData:
    """What the two forms say, as the service takes it."""
    values = dict(form.cleaned_data)
    campaign, once = values.pop("campaign"), values.pop("once")
    del values["warned"]
    return LeadData(
        **values,
        campaign=campaign.name if campaign else "",
        external_id=str(once) if once else None,
        touches=_touches(touches),
    )


def _touches(rows: forms.BaseFormSet[TouchForm]) -> tuple[TouchData, ...]:
    said = (form.cleaned_data for form in rows.forms)
    return tuple(
        TouchData(kind=row["kind"], at=_at_noon(row.get("on")), detail=row["detail"]) for row in said if row.get("kind")
    )


def _at_noon(day: Any) -> datetime | None:
    """A day without a time is its noon, which is that day in every zone near; today is now."""
    if day is None or day == timezone.localdate():
        return None
    return timezone.make_aware(datetime.combine(day, time(12)))


@contextmanager
def _said_in_the_form() -> Iterator[None]:
    try:
        yield
    except InvalidInput as fault:
        raise forms.ValidationError(str(fault.message)) from fault
