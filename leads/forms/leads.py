"""What a person corrects or adds on the page of a lead."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from django import forms
from django.utils.timezone import is_aware
from django.utils.translation import gettext_lazy as _

from alignment.kernel.forms import Form
from leads.forms.amounts import PeopleField
from leads.forms.custom_values import CustomValuesForm
from leads.models import Account, Campaign, Lead
from leads.rules.custom import PREFIX
from leads.selectors import touch_kinds
from leads.selectors.accounts import account_called
from leads.selectors.leads import phone_words
from leads.services.accounts import CompanyFacts
from leads.services.facts import FACTS, check_somebody, stored, stored_of_company

THEIRS = "theirs"
NO_SUCH_COMPANY = _("No company here is called “%(name)s”. Choose one of the suggested names, or leave it empty.")
UNKNOWN_START = _("This page does not say which state of the lead you changed. Load it again, then enter your changes.")


class FactsForm(CustomValuesForm):
    """The facts of a lead that a person writes, checked here as the service does, so that every fault is said at once.

    ``lead``: the one to be corrected. What stands in it already is not checked again while nobody touches it.
    """

    full_name = forms.CharField(label=_("Name"), required=False, max_length=200)
    full_name_kana = forms.CharField(label=_("Name in kana"), required=False, max_length=200)
    email = forms.CharField(label=_("E-mail address"), required=False, max_length=254)
    phone = forms.CharField(label=_("Phone"), required=False, max_length=30)
    department = forms.CharField(label=_("Department"), required=False, max_length=100)
    job_title = forms.CharField(label=_("Job title"), required=False, max_length=100)
    company_name = forms.CharField(label=_("Company"), required=False, max_length=200)

    def __init__(self, *args: Any, lead: Lead | None = None, **kwargs: Any) -> None:
        super().__init__(*args, current=lead.custom if lead else None, **kwargs)
        self.lead = lead

    def clean(self) -> dict[str, Any]:
        """Each fact for itself, and that somebody is there; whoever is named wrongly is there too."""
        cleaned = super().clean()
        texts = {name: value for name, value in cleaned.items() if isinstance(value, str)}
        for name, value in texts.items():
            if value != getattr(self.lead, name, None):
                self.check(stored, name, value)
        who = {name: cleaned.get(name, "was refused") for name in ("full_name", "email", "company_name")}
        self.check(check_somebody, **who)
        return cleaned


class LeadForm(FactsForm):
    """The facts of a lead that is here. ``seen``: its ``updated_at`` when the form was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, error_messages={"required": UNKNOWN_START})
    source = forms.CharField(
        label=_("Source"), required=False, max_length=100, widget=forms.TextInput(attrs={"list": "known-source"})
    )
    campaign = forms.ModelChoiceField(
        label=_("Campaign"), required=False, queryset=Campaign.objects.order_by("name", "pk"), empty_label=_("None")
    )
    landing_page = forms.CharField(label=_("Landing page"), required=False, max_length=300)
    note = forms.CharField(
        label=_("Note for sales"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )

    @classmethod
    def of(cls, lead: Lead) -> LeadForm:
        """The form as it is opened."""
        initial = {name: getattr(lead, name) for name in FACTS}
        initial |= {"phone": phone_words(lead.phone), "seen": lead.updated_at.isoformat()}
        return cls(initial=initial, lead=lead)

    def facts(self) -> dict[str, Any]:
        """What was sent; after a conflict, what is there now where the person chose so."""
        return {name: self.cleaned_data[name] for name in (*FACTS, "custom")}

    def clean(self) -> dict[str, Any]:
        """Take what is there now where the person chose so, before the facts are checked."""
        theirs = [name for name in FACTS if self.data.get(f"keep-{name}") == THEIRS]
        self.cleaned_data |= {name: getattr(self.lead, name) for name in theirs}
        cleaned = super().clean()
        for key in cleaned["custom"]:
            if self.data.get(f"keep-{PREFIX}{key}") == THEIRS:
                cleaned["custom"][key] = self.current.get(key)
        return cleaned

    def clean_seen(self) -> datetime:
        """The moment, with its zone: without it, what others changed meanwhile would be overwritten."""
        try:
            moment = datetime.fromisoformat(self.cleaned_data["seen"])
            if is_aware(moment):
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise forms.ValidationError(UNKNOWN_START)


class TouchForm(Form):
    """Something the lead did with marketing's work."""

    kind = forms.ChoiceField(label=_("What the lead did"), choices=touch_kinds.choices)
    detail = forms.CharField(
        label=_("What exactly"), required=False, max_length=300, help_text=_("Title of the download, seminar or page.")
    )
    campaign = forms.ModelChoiceField(
        label=_("Campaign"), required=False, queryset=Campaign.objects.order_by("name", "pk"), empty_label=_("None")
    )
    at = forms.DateTimeField(
        label=_("When"),
        required=False,
        help_text=_("Empty: now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )


class AccountForm(Form):
    """What is known of a company. ``account``: the one to be corrected; what is there already is not checked again."""

    industry = forms.CharField(
        label=_("Industry"), required=False, max_length=100, widget=forms.TextInput(attrs={"list": "known-industry"})
    )
    employee_count = PeopleField(label=_("Employees"), required=False)
    corporate_number = forms.CharField(
        label=_("Corporate number"),
        required=False,
        max_length=30,
        help_text=_("The 13 digits of the Japanese tax agency."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    postal_code = forms.CharField(
        label=_("Postal code"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    prefecture = forms.CharField(
        label=_("Prefecture"), required=False, max_length=20, widget=forms.TextInput(attrs={"list": "known-prefecture"})
    )
    address = forms.CharField(label=_("Address"), required=False, max_length=300)
    parent = forms.CharField(
        label=_("Parent company"),
        required=False,
        max_length=200,
        help_text=_("One that is known here, by its name; empty where there is none."),
        widget=forms.TextInput(attrs={"list": "company-names", "autocomplete": "off"}),
    )
    is_key_account = forms.BooleanField(
        label=_("Key account"),
        required=False,
        help_text=_("Both sides agreed to win or keep this company."),
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        initial = {name: getattr(account, name) for name in self.base_fields}
        super().__init__(*args, initial=initial, **kwargs)
        self.account = account

    def clean_parent(self) -> Account | None:
        """The company with this name, however its legal form, case and width are written."""
        name: str = self.cleaned_data["parent"]
        if not name:
            return None
        if self.account.parent and name == self.account.parent.name:
            return self.account.parent
        found = account_called(name)
        if found is None:
            raise forms.ValidationError(NO_SUCH_COMPANY % {"name": name})
        return found

    def clean(self) -> dict[str, Any]:
        """Each text as the service checks it, so that every fault is said at once."""
        cleaned = super().clean() or {}
        texts = {name: value for name, value in cleaned.items() if isinstance(value, str)}
        for name, value in texts.items():
            if value != getattr(self.account, name):
                self.check(stored_of_company, name, value)
        return cleaned

    def facts(self) -> CompanyFacts:
        """What was sent, as the service takes it."""
        said = dict(self.cleaned_data)
        parent = said.pop("parent")
        return cast(CompanyFacts, said | {"parent_id": parent and parent.pk})
