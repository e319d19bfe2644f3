"""What an admin says of a kind of touch."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from alignment.kernel.forms import Form
from leads.services.touch_kinds import LABEL, LAST_POSITION, LONGEST_KEY


class KindForm(Form):
    """A kind that is there."""

    label_ja = forms.CharField(label=_("Name in Japanese"), max_length=LABEL)
    label_en = forms.CharField(label=_("Name in English"), max_length=LABEL)
    position = forms.IntegerField(
        label=_("Order"), min_value=0, max_value=LAST_POSITION, help_text=_("Lists show small numbers first.")
    )
    is_active = forms.BooleanField(
        label=_("in use"),
        required=False,
        help_text=_("Out of use it is offered no more. What names it stays, and definitions go on counting it."),
    )


class NewKindForm(KindForm):
    """A new one, with the key by which programs and files name it."""

    key = forms.CharField(
        label=_("Key"),
        required=False,
        max_length=LONGEST_KEY,
        help_text=_(
            "For programs and files, such as trial_start. It never changes. Empty: made from the English name."
        ),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    is_active = None  # type: ignore[assignment] # a new one is in use
