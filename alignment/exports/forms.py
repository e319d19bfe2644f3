"""How to narrow the list of what was taken."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import User
from alignment.exports.columns import Listing
from alignment.kernel.forms import Form


class ExportFilter(Form):
    """Every field may be left out."""

    actor = forms.ModelChoiceField(
        label=_("By whom"), queryset=User.objects.none(), required=False, empty_label=_("everybody")
    )
    listing = forms.ChoiceField(label=_("List"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        takers = User.objects.filter(exports__isnull=False).order_by("full_name", "pk").distinct()
        self.fields["actor"].queryset = takers  # type: ignore[attr-defined]
        lists = sorted((str(listing.title), name) for name, listing in Listing.KNOWN.items())
        choices = [("", _("all lists")), *((name, title) for title, name in lists)]
        self.fields["listing"].choices = choices  # type: ignore[attr-defined]
