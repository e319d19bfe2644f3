"""Filters of a list of leads by the fields that admins made: one or two for each, by the condition language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.querysets import LeadQuerySet
from leads.rules import custom
from leads.rules.conditions import Op, Test
from leads.rules.fields import Field, FieldType

FROM, TO = ".from", ".to"
WHENEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""None of these tests counts days from now: it does not matter when they are asked."""


class _Bound(forms.CharField):
    """A number or a day as people write it."""

    def __init__(self, *, own: Field, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.own = own

    def clean(self, value: Any) -> Any:
        try:
            return custom.read(self.own, super().clean(value), path="")
        except InvalidInput as fault:
            raise forms.ValidationError(str(fault.message)) from None


class BoundFilter(django_filters.CharFilter):
    """From or up to a value."""

    field_class = _Bound


def filters_of(fields: Iterable[Field]) -> dict[str, django_filters.Filter]:
    """The filters by the names of their parameters: ``custom.size``, ``custom.budget.from``, ``custom.budget.to``."""
    return {name: made for field in fields for name, made in _FILTERS[field.type](field).items()}


def _narrowing(field: Field, op: Op) -> Callable[[LeadQuerySet, str, Any], LeadQuerySet]:
    def narrow(leads: LeadQuerySet, _name: str, value: Any) -> LeadQuerySet:
        return leads.matching(Test(field, op, value), now=WHENEVER)

    return narrow


def _of_text(field: Field) -> dict[str, django_filters.Filter]:
    label = _("%(field)s contains") % {"field": field.label}
    return {field.key: django_filters.CharFilter(label=label, method=_narrowing(field, Op.CONTAINS), max_length=200)}


def _of_choice(field: Field) -> dict[str, django_filters.Filter]:
    choices = [(choice.value, str(choice.label)) for choice in field.choices]
    return {field.key: _menu(field, choices, _narrowing(field, Op.IS))}


def _of_flag(field: Field) -> dict[str, django_filters.Filter]:
    def narrow(leads: LeadQuerySet, name: str, value: str) -> LeadQuerySet:
        return _narrowing(field, Op.IS_TRUE if value == "true" else Op.IS_FALSE)(leads, name, None)

    return {field.key: _menu(field, [("true", _("Yes")), ("false", _("No"))], narrow)}


def _menu(field: Field, choices: list[tuple[str, str]], narrow: Any) -> django_filters.Filter:
    return django_filters.ChoiceFilter(label=str(field.label), choices=choices, empty_label=_("All"), method=narrow)


def _of_range(field: Field) -> dict[str, django_filters.Filter]:
    is_day = field.type is FieldType.DAY
    attrs = {"type": "date"} if is_day else {"inputmode": "decimal"}
    ends = [
        (FROM, Op.AT_LEAST, _("%(field)s from") % {"field": field.label}),
        (TO, Op.AT_MOST, _("%(field)s up to") % {"field": field.label}),
    ]
    return {
        f"{field.key}{end}": BoundFilter(
            label=label, own=field, method=_narrowing(field, op), widget=forms.TextInput(attrs=attrs)
        )
        for end, op, label in ends
    }


_FILTERS: dict[FieldType, Callable[[Field], dict[str, django_filters.Filter]]] = {
    FieldType.TEXT: _of_text,
    FieldType.CHOICE: _of_choice,
    FieldType.FLAG: _of_flag,
    FieldType.NUMBER: _of_range,
    FieldType.DAY: _of_range,
}
