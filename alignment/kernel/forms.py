"""What every form of ours has in common: what is missing is asked for by name, a list says what is to be chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models.fields import BLANK_CHOICE_DASH
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.kernel.errors import DomainError, InvalidInput

_DJANGOS = forms.Field.default_error_messages["required"]
_DASHES = BLANK_CHOICE_DASH[0][1]
_CHOOSE = {"user": gettext_lazy("Choose a person"), "team": gettext_lazy("Choose a team")}
"""The empty line of a list of rows, by the name of their model."""
_CHOOSE_ONE = gettext_lazy("Please choose")


class AsksByName(forms.BaseForm):
    """Replaces Django's “This field is required.” and “---------” where the field has no better words of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _say_what_to_choose(field)

    def full_clean(self) -> None:
        for name, field in self.fields.items():
            if field.error_messages["required"] is _DJANGOS:
                field.error_messages["required"] = _missing(self[name])
        super().full_clean()

    def refuse(self, error: DomainError) -> None:
        """Say a refusal at the field that it names, or on top where it names none of this form."""
        self.add_error(error.field if error.field in self.fields else None, str(error.message))

    def check(self, rule: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Apply a rule of the services already here, so that what it refuses is said with all other faults."""
        try:
            rule(*args, **kwargs)
        except InvalidInput as fault:
            self.refuse(fault)


class Form(AsksByName, forms.Form):
    """The base of our forms."""


def _say_what_to_choose(field: forms.Field) -> None:
    if isinstance(field, forms.ModelChoiceField):
        if field.empty_label == _DASHES and field.queryset is not None:
            field.empty_label = str(_CHOOSE.get(field.queryset.model._meta.model_name or "", _CHOOSE_ONE))
    elif isinstance(field, forms.ChoiceField) and isinstance(field.choices, list):
        field.choices = [("", _CHOOSE_ONE) if choice == ("", _DASHES) else choice for choice in field.choices]


def _missing(bound: BoundField) -> str:
    if bound.is_hidden:
        return _("This page is not complete any more. Load it again, then try once more.")
    if isinstance(bound.field, forms.ChoiceField):
        return _("Choose “%(label)s”.") % {"label": bound.label}
    return _("Fill in “%(label)s”.") % {"label": bound.label}
