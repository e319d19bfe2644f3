"""Amounts of money and numbers of people as they are typed and read."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.rules import normalise
from leads.selectors.deals import currency, currency_unit


def plain_number(text: str) -> str:
    """A number as people type it, without what only helps the eye: １，２００ and 1 200 are 1200."""
    return normalise.text(text).replace(",", "").replace(" ", "").replace("−", "-")


def _asked_for() -> str:
    return _("Enter the amount in %(unit)s in digits, such as 1500000.") % {"unit": currency_unit(currency())}


class AmountField(forms.DecimalField):
    """Takes full-width digits, commas and the yen (￥１，２００，０００, 1200000円), shows 1200000 without decimals."""

    widget = forms.TextInput
    default_error_messages = {"invalid": lazy(_asked_for, str)()}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, decimal_places=2, **kwargs)
        self.widget.attrs["inputmode"] = "decimal"

    def to_python(self, value: Any) -> Any:
        return super().to_python(plain_number(value).strip("¥円") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        plain = format(value, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain


class PeopleField(forms.IntegerField):
    """The number of people of a company: takes １，２００名 and 1,200人."""

    widget = forms.TextInput
    default_error_messages = {"invalid": gettext_lazy("Enter the number of employees in digits, such as 1200.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=10_000_000, **kwargs)
        self.widget.attrs["inputmode"] = "numeric"

    def to_python(self, value: Any) -> Any:
        return super().to_python(re.sub("[名人]$", "", plain_number(value)) if isinstance(value, str) else value)
