"""Opening, changing, winning and losing a deal."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from alignment.kernel.forms import Form
from leads.forms.amounts import AmountField
from leads.forms.leads import NO_SUCH_COMPANY
from leads.models import Account, Deal
from leads.selectors.accounts import account_called


class DealForm(Form):
    """The facts of a deal."""

    name = forms.CharField(label=_("Name of the deal"), max_length=200)
    amount = AmountField(label=_("Amount"), required=False, max_digits=16)
    expected_on = forms.DateField(
        label=_("Decision expected on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    product = forms.CharField(label=_("Product"), required=False, max_length=100)

    @classmethod
    def of(cls, deal: Deal) -> DealForm:
        """The form with what is there."""
        initial = {name: getattr(deal, name) for name in cls.base_fields}
        return cls(initial=initial, auto_id=f"id_deal{deal.pk}_%s")


class NewDealForm(DealForm):
    """A deal that sales found itself, without a lead."""

    account = forms.CharField(
        label=_("Company"),
        required=False,
        max_length=200,
        help_text=_("One that is known here, by its name; empty where there is none."),
        widget=forms.TextInput(attrs={"list": "company-names", "autocomplete": "off"}),
    )

    def clean_account(self) -> Account | None:
        """The company with this name, however its legal form, case and width are written."""
        name: str = self.cleaned_data["account"]
        if not name:
            return None
        found = account_called(name)
        if found is None:
            raise forms.ValidationError(NO_SUCH_COMPANY % {"name": name})
        return found


class WinForm(Form):
    """Why it was won, and for how much."""

    reason = forms.ChoiceField(
        label=_("Why was it won?"),
        choices=Deal.WinReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why it was won.")},
    )
    amount = AmountField(
        label=_("Agreed amount"),
        required=False,
        max_digits=16,
        error_messages={"required": _("Enter the amount that was agreed.")},
    )

    def asking_of(self, deal: Deal) -> WinForm:
        """The form for this deal: where no amount stands yet, it is asked for."""
        self.fields["amount"].required = deal.amount is None
        return self


class LoseForm(Form):
    """Why it was lost: what both sides learn from."""

    reason = forms.ChoiceField(
        label=_("Why was it lost?"),
        choices=Deal.LossReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why it was lost.")},
    )
    comment = forms.CharField(
        label=_("What happened?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed where no other reason fits."),
    )
