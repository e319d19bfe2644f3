"""What every form of ours has in common: a field that was left empty is asked for by its own name."""

from __future__ import annotations

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _

_DJANGOS = forms.Field.default_error_messages["required"]


class AsksByName(forms.BaseForm):
    """Replaces Django's “This field is required.” where the field has no better words of its own."""

    def full_clean(self) -> None:
        for name, field in self.fields.items():
            if field.error_messages["required"] is _DJANGOS:
                field.error_messages["required"] = _missing(self[name])
        super().full_clean()


class Form(AsksByName, forms.Form):
    """The base of our forms."""


def _missing(bound: BoundField) -> str:
    if bound.is_hidden:
        return _("This page is not complete any more. Load it again, then try once more.")
    if isinstance(bound.field, forms.ChoiceField):
        return _("Choose “%(label)s”.") % {"label": bound.label}
    return _("Fill in “%(label)s”.") % {"label": bound.label}
