"""Amounts of money as people type and read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from leads.rules import normalise


class AmountField(forms.DecimalField):
    """Takes full-width digits and commas (１，２００，０００), shows 1200000 without empty decimals."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, decimal_places=2, **kwargs)
        self.widget.attrs["inputmode"] = "decimal"

    def to_python(self, value: Any) -> Any:
        return super().to_python(normalise.text(value).replace(",", "") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        plain = format(value, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
