"""The fields that admins made, as inputs of a form: every kind has its own, and one reading."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from alignment.kernel.forms import Form
from leads.models import CustomField
from leads.rules import custom
from leads.rules.custom import PREFIX
from leads.rules.fields import Field, FieldType
from leads.selectors import custom_fields as selectors

YES, NO = "yes", "no"


class CustomValuesForm(Form):
    """Has an input for each field in use, named as events and paths name it: ``custom.budget``.

    ``cleaned_data["custom"]`` are the values by key in the form in which they are kept, None where none was entered.
    ``current``: what is kept now; a value that nobody touched is not read again.
    """

    asks_for_required = False

    def __init__(self, *args: Any, current: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current = current or {}
        self.own = selectors.in_use()
        for field in self.own:
            words = {"label": str(field.label), "help_text": str(field.help_text), "empty": _("Not known")}
            shown = input_of(field.as_field(), required=self.asks_for_required and field.is_required, **words)
            shown.initial = as_text(self.current.get(field.key))
            self.fields[_name(field)] = shown

    @property
    def custom_inputs(self) -> list[forms.BoundField]:
        """The inputs of these fields, in their order."""
        return [self[_name(field)] for field in self.own]

    def clean(self) -> dict[str, Any]:
        """Read them; each fault is said beside its input."""
        cleaned = super().clean() or {}
        values = {}
        for field in self.own:
            name, text = _name(field), cleaned.pop(_name(field), "")
            stands = self.current.get(field.key)
            if text == as_text(stands):
                values[field.key] = stands
            else:
                self.check(self._read, values, field, text, name)
        return cleaned | {"custom": values}

    @staticmethod
    def _read(values: dict[str, Any], field: CustomField, text: str, name: str) -> None:
        values[field.key] = custom.read(field.as_field(), text, path=name)


def as_text(value: Any) -> str:
    """A value as an input holds it."""
    if isinstance(value, bool):
        return YES if value else NO
    return "" if value is None else str(value)


def _name(field: CustomField) -> str:
    return f"{PREFIX}{field.key}"


def input_of(field: Field, *, empty: str, **words: Any) -> forms.Field:
    """The input of a field; ``empty``: what a choice says where nothing is chosen."""
    match field.type:
        case FieldType.CHOICE:
            choices = [(choice.value, str(choice.label)) for choice in field.choices]
            return forms.ChoiceField(choices=[("", empty), *choices], **words)
        case FieldType.FLAG:
            return forms.ChoiceField(choices=[("", empty), (YES, _("Yes")), (NO, _("No"))], **words)
        case FieldType.DAY:
            return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), max_length=30, **words)
        case FieldType.NUMBER:
            return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), max_length=40, **words)
    return forms.CharField(max_length=custom.LONGEST_TEXT, **words)
