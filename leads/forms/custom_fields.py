"""A field that an admin makes: what it is called and holds, and its choices in rows."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alignment.kernel.errors import DomainError
from alignment.kernel.forms import Form
from leads.models import CustomField
from leads.rules.custom import Kind
from leads.services.custom_fields import HELP, LABEL, MOST_CHOICES, ChoiceData, FieldData

BLANK_ROWS = 3


class CustomFieldForm(Form):
    """The field without its choices."""

    label_ja = forms.CharField(label=_("Name in Japanese"), max_length=LABEL)
    label_en = forms.CharField(label=_("Name in English"), max_length=LABEL)
    kind = forms.ChoiceField(label=_("What it holds"), choices=Kind.choices)
    help_ja = forms.CharField(label=_("Help in Japanese"), max_length=HELP, required=False)
    help_en = forms.CharField(
        label=_("Help in English"),
        max_length=HELP,
        required=False,
        help_text=_("Shown below the input, such as what counts and where to find it."),
    )
    is_required = forms.BooleanField(
        label=_("Ask for it with every new lead"),
        required=False,
        help_text=_(
            "People who submit a lead have to fill it in. Files and programs need not: no lead is lost for it."
        ),
    )
    is_in_list = forms.BooleanField(
        label=_("Show it in the list of leads"),
        required=False,
        help_text=_("As a column and a filter; at most 3 fields."),
    )
    position = forms.IntegerField(label=_("Place in forms"), min_value=1, max_value=999, required=False)

    def data_of(self, rows: forms.BaseFormSet[ChoiceForm]) -> FieldData:
        """What the service takes."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        return FieldData(**values, choices=[choice for _row, choice in choices_of(rows)])


class NewCustomFieldForm(CustomFieldForm):
    """One that is to be made: its key is chosen once."""

    key = forms.CharField(
        label=_("Key"),
        max_length=40,
        required=False,
        help_text=_("For files and programs, such as “budget”. It never changes. Empty: made from the English name."),
    )


class ChoiceForm(Form):
    """One choice; a row without names is none."""

    value = forms.CharField(label=_("Value for programs"), max_length=40, required=False)
    ja = forms.CharField(label=_("Name in Japanese"), max_length=LABEL, required=False)
    en = forms.CharField(label=_("Name in English"), max_length=LABEL, required=False)


ChoiceForms = forms.formset_factory(
    ChoiceForm, extra=BLANK_ROWS, can_order=True, max_num=MOST_CHOICES, absolute_max=MOST_CHOICES + BLANK_ROWS
)


def choices_of(rows: forms.BaseFormSet[ChoiceForm]) -> list[tuple[ChoiceForm, ChoiceData]]:
    """The choices in the order that was given to them, each with its row."""
    found = [
        (row, ChoiceData(**{name: row.cleaned_data[name] for name in ("value", "ja", "en")}))
        for row in rows.ordered_forms
    ]
    return [(row, choice) for row, choice in found if choice.ja or choice.en]


def initial(field: CustomField) -> dict[str, Any]:
    """What the form shows of a field that is there."""
    return {name: getattr(field, name) for name in CustomFieldForm.base_fields}


def refuse(form: CustomFieldForm, rows: forms.BaseFormSet[ChoiceForm], error: DomainError) -> None:
    """Say a refusal of the service at its input: ``choices[2].en`` in its row."""
    found = re.fullmatch(r"choices\[(\d+)\](?:\.(\w+))?", error.field)
    if found is None:
        form.refuse(error)
        return
    row, _choice = choices_of(rows)[int(found[1])]
    row.add_error(found[2], str(error.message))


def row_errors(rows: forms.BaseFormSet[ChoiceForm]) -> list[dict[str, str]]:
    """What has to be mended in the choices, for the summary on top."""
    found = [{"message": str(message), "id": ""} for message in rows.non_form_errors()]
    for number, row in enumerate(rows.forms, start=1):
        for name, messages in row.errors.items():
            target = row[name].id_for_label if name in row.fields else row["ja"].id_for_label
            line = _("Choice %(number)d: %(message)s")
            found += [{"message": line % {"number": number, "message": message}, "id": target} for message in messages]
    return found
