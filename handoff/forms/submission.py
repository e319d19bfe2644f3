"""A new lead, as a marketer writes it down."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alignment.kernel.forms import Form
from leads.models import Campaign
from leads.rules.fields import TouchKind
from leads.services.capture import LeadData, TouchData

TOUCH_ROWS = 2
MOST_TOUCHES = 20


class LeadForm(Form):
    """Person, company, where the lead came from. ``once`` names the form: the same one sent twice makes one lead."""

    once = forms.UUIDField(
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),  # or Firefox brings the old one back
        required=False,
        initial=uuid4,
        error_messages={"invalid": _("This form is not complete any more. Load the page again and fill it in anew.")},
    )
    full_name = forms.CharField(label=_("Name"), max_length=200, required=False)
    full_name_kana = forms.CharField(label=_("Name in kana"), max_length=200, required=False)
    email = forms.CharField(label=_("E-mail address"), max_length=254, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    job_title = forms.CharField(label=_("Job title"), max_length=100, required=False)
    department = forms.CharField(label=_("Department"), max_length=100, required=False)
    company_name = forms.CharField(label=_("Company"), max_length=200, required=False)
    industry = forms.CharField(label=_("Industry"), max_length=100, required=False)
    prefecture = forms.CharField(label=_("Prefecture"), max_length=20, required=False)
    employee_count = forms.IntegerField(
        label=_("Employees"), min_value=0, max_value=10_000_000, required=False, localize=True
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=100,
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

    def clean(self) -> dict[str, Any]:
        """Somebody has to be there to be handed over."""
        cleaned = super().clean() or {}
        if not self.errors and not (cleaned["full_name"] or cleaned["email"] or cleaned["company_name"]):
            self.add_error("full_name", _("Enter a name, an e-mail address or a company."))
        return cleaned


class TouchForm(Form):
    """One thing the lead did; an empty row is left out."""

    kind = forms.ChoiceField(label=_("What they did"), choices=[("", "–"), *TouchKind.choices], required=False)
    on = forms.DateField(label=_("When (empty: today)"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    detail = forms.CharField(label=_("What exactly"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("kind") and (cleaned.get("detail") or cleaned.get("on")):
            self.add_error("kind", _("Choose what they did, or empty the row."))
        return cleaned


TouchForms = forms.formset_factory(
    TouchForm, extra=TOUCH_ROWS, max_num=MOST_TOUCHES, absolute_max=MOST_TOUCHES + 1, validate_max=True
)


def lead_data(form: LeadForm, touches: forms.BaseFormSet[TouchForm]) -> LeadData:
    """What the two forms say, as the service takes it."""
    values = dict(form.cleaned_data)
    campaign, once = values.pop("campaign"), values.pop("once")
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
