"""A new lead, as a marketer writes it down."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alignment.kernel.forms import Form
from alignment.kernel.moments import check_moment
from leads.forms.amounts import PeopleField
from leads.forms.leads import FactsForm
from leads.models import Campaign
from leads.rules import normalise
from leads.selectors import touch_kinds
from leads.selectors.matching import Person
from leads.services.capture import LeadData, TouchData
from leads.services.facts import TOUCH_DETAIL, stored
from leads.services.texts import check_text

TOUCH_ROWS = 2
MOST_TOUCHES = 20
OFFERED_SOURCE = _("“%(source)s” was filled in from the campaign. Send the form again to keep it.")
IN_SUMMARY = {
    "future": _("Touch %(number)d, date: enter today or an earlier day."),
    "invalid": _("Touch %(number)d, date: write the day as year-month-day, such as 2026-12-01."),
    "no_kind": _("Touch %(number)d: choose what they did, or empty the row."),
}
"""The faults of a row in whole sentences, by their code."""
ELSE_IN_SUMMARY = _("Touch %(number)d, %(field)s: %(message)s")


class LeadForm(FactsForm):
    """Person, company, where the lead came from.

    ``once`` names the form: the same one sent twice makes one lead. ``warned``: the lead of which the page has said
    that it may be the same person.
    """

    asks_for_required = True

    once = forms.UUIDField(
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),  # or Firefox brings the old one back
        required=False,
        initial=uuid4,
        error_messages={"invalid": _("This form is not complete any more. Load the page again and fill it in anew.")},
    )
    warned = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))
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

    def with_source(self, source: str) -> LeadForm:
        """The same form with the source that its campaign offers, to be looked at before it is sent."""
        offered = LeadForm({**self._sent(), "source": source})
        offered.add_error("source", OFFERED_SOURCE % {"source": source})
        return offered

    def after_warning(self, lead_id: int) -> LeadForm:
        """The same form, which sent once more means somebody else than this lead."""
        return LeadForm({**self._sent(), "warned": str(lead_id)})

    def person(self) -> Person:
        """Whom it tells of."""
        said = self.cleaned_data
        email, phone = stored("email", said["email"]), stored("phone", said["phone"])
        return Person(
            email, phone, said["full_name"], said["full_name_kana"], normalise.company_key(said["company_name"])
        )

    def _sent(self) -> dict[str, Any]:
        return {name: self.data.get(name) for name in self.data}


def _kinds() -> touch_kinds.Choices:
    return [("", "–"), *touch_kinds.choices()]


class TouchForm(Form):
    """One thing the lead did; an empty row is left out."""

    kind = forms.ChoiceField(label=_("What they did"), choices=_kinds, required=False)
    on = forms.DateField(
        label=_("Date (empty: today)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _("Write the day as year-month-day, such as 2026-12-01.")},
    )
    detail = forms.CharField(label=_("What exactly"), max_length=TOUCH_DETAIL, required=False)

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
        self.check(check_text, cleaned.get("detail", ""), longest=TOUCH_DETAIL, field="detail")
        if at := _at_noon(cleaned.get("on")):
            self.check(check_moment, at, field="on")
        return cleaned


TouchForms = forms.formset_factory(
    TouchForm, extra=TOUCH_ROWS, max_num=MOST_TOUCHES, absolute_max=MOST_TOUCHES + 1, validate_max=True
)


def touch_errors(rows: forms.BaseFormSet[TouchForm]) -> list[dict[str, str]]:
    """What has to be mended in the touches, for the summary on top: each line names its touch."""
    found = [{"message": str(message), "id": ""} for message in rows.non_form_errors()]
    for number, row in enumerate(rows.forms, start=1):
        for bound in row:
            for error in row.errors.as_data().get(bound.name, ()):
                words = {"number": number, "field": bound.label, "message": " ".join(error.messages)}
                line = IN_SUMMARY.get(str(error.code), ELSE_IN_SUMMARY) % words
                found.append({"message": line, "id": bound.id_for_label})
    return found


def lead_data(form: LeadForm, touches: forms.BaseFormSet[TouchForm]) -> LeadData:
    """What the two forms say, as the service takes it."""
    values = dict(form.cleaned_data)
    known = {key: value for key, value in values.pop("custom").items() if value is not None}
    campaign, once = values.pop("campaign"), values.pop("once")
    warned = values.pop("warned")
    return LeadData(
        **values,
        is_another=bool(warned),
        custom=known,
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
