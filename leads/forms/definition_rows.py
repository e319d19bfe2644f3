"""The rows of the definition builder: one form per test, one per criterion."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from alignment.kernel.errors import InvalidInput
from alignment.kernel.forms import Form
from leads.forms import definition_values as values
from leads.forms.amounts import plain_number
from leads.forms.definition_values import FEWER, NOT, TOUCHES, CriterionValues
from leads.models import Criterion
from leads.rules import custom
from leads.rules.conditions import IN_DAYS, OPERATORS, WITHOUT_VALUE, Condition, Op, dump, parse
from leads.rules.fields import Field, Fields, FieldType, Vocabulary
from leads.rules.sentences import say
from leads.services.definitions import CriterionData

OP_LABELS = {
    Op.IS.value: pgettext_lazy("operator", "is"),
    Op.IS_NOT.value: pgettext_lazy("operator", "is not"),
    Op.IN.value: pgettext_lazy("operator", "is one of"),
    NOT + Op.IN.value: pgettext_lazy("operator", "is none of"),
    Op.CONTAINS.value: pgettext_lazy("operator", "contains"),
    NOT + Op.CONTAINS.value: pgettext_lazy("operator", "does not contain"),
    Op.STARTS_WITH.value: pgettext_lazy("operator", "starts with"),
    NOT + Op.STARTS_WITH.value: pgettext_lazy("operator", "does not start with"),
    Op.AT_LEAST.value: pgettext_lazy("operator", "is at least"),
    Op.AT_MOST.value: pgettext_lazy("operator", "is at most"),
    Op.IS_TRUE.value: pgettext_lazy("operator", "yes"),
    Op.IS_FALSE.value: pgettext_lazy("operator", "no"),
    Op.WITHIN_DAYS.value: pgettext_lazy("operator", "in the last … days"),
    Op.BEFORE_DAYS.value: pgettext_lazy("operator", "more than … days ago"),
    Op.NEXT_DAYS.value: pgettext_lazy("operator", "in the next … days"),
    Op.IS_BLANK.value: pgettext_lazy("operator", "is not known"),
    Op.IS_PRESENT.value: pgettext_lazy("operator", "is known"),
}
OP_LABELS_OF_DAYS = {
    Op.AT_LEAST.value: pgettext_lazy("operator", "on this day or later"),
    Op.AT_MOST.value: pgettext_lazy("operator", "on this day or earlier"),
}
NEGATED = {Op.IN, Op.CONTAINS, Op.STARTS_WITH}
TOUCH_OPS = [
    (Op.AT_LEAST.value, pgettext_lazy("operator", "at least")),
    (FEWER, pgettext_lazy("operator", "fewer than")),
]


def op_label(field: Field, op: Op) -> Any:
    """What an operator is called where it stands behind this field."""
    return (OP_LABELS | OP_LABELS_OF_DAYS if field.type is FieldType.DAY else OP_LABELS)[op.value]


def ops_for(field: str, fields: Fields) -> list[tuple[str, Any]]:
    """The operators that fit a field, with their words."""
    if field == TOUCHES:
        return list(TOUCH_OPS)
    if field not in fields:
        return []
    found = []
    for op in OPERATORS[fields[field].type]:
        found.append((op.value, op_label(fields[field], op)))
        if op in NEGATED:
            found.append((NOT + op.value, OP_LABELS[NOT + op.value]))
    return found


def field_choices(fields: Fields, *, chosen: str) -> list[tuple[str, Any]]:
    """The facts to choose from; a retired one only where it is chosen already."""
    return [(key, field.label) for key, field in fields.items() if field.offered or key == chosen]


class TestForm(Form):
    """One row: a fact, an operator that fits it, and a value; or a number of touches."""

    field = forms.ChoiceField(label=gettext_lazy("Fact"), required=False)
    op = forms.ChoiceField(label=gettext_lazy("Operator"), required=False)
    value = forms.CharField(label=gettext_lazy("Value"), required=False, max_length=1000)
    touch_kind = forms.ChoiceField(label=gettext_lazy("Kind of touch"), required=False)
    at_least = forms.CharField(label=gettext_lazy("How often"), required=False, max_length=20)
    within_days = forms.CharField(label=gettext_lazy("Within days"), required=False, max_length=20)

    def __init__(self, *args: Any, row: values.TestValues, known: Vocabulary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row, self.known = row, known
        options = ops_for(row.field, known.fields)
        if options and row.op not in dict(options):
            row.op = options[0][0]  # another fact was chosen: the first operator that fits it
        facts = [("", _("Choose a fact")), (TOUCHES, _("touches")), *field_choices(known.fields, chosen=row.field)]
        self.fields["field"].choices = facts  # type: ignore[attr-defined]
        self.fields["op"].choices = options  # type: ignore[attr-defined]
        self.fields["touch_kind"].choices = [  # type: ignore[attr-defined]
            ("", _("any touch")),
            *((kind.key, kind.label) for kind in known.kinds.values() if kind.offered or kind.key == row.touch_kind),
        ]
        self._fit_value()

    def _fit_value(self) -> None:
        """Let the value be chosen, or typed with the help that fits it."""
        fact, value = self.fact, self.fields["value"]
        if fact is not None and fact.type is FieldType.CHOICE and self.operator is not Op.IN:
            choices = [("", _("Please choose")), *((choice.value, choice.label) for choice in fact.choices)]
            self.fields["value"] = forms.ChoiceField(label=value.label, required=False, choices=choices)
        elif self.value_is_number:
            value.widget.attrs["inputmode"] = "numeric"
        elif fact is not None and fact.type is FieldType.DAY:
            value.widget.attrs["type"] = "date"
        else:
            value.widget.attrs["list"] = f"values-{self.row.field}"

    @property
    def is_touches(self) -> bool:
        return self.row.field == TOUCHES

    @property
    def fact(self) -> Field | None:
        """The field that is tested, if one is chosen."""
        return self.known.fields.get(self.row.field)

    @property
    def operator(self) -> Op | None:
        """The operator, whether it is turned around or not."""
        return next((op for op in Op if op.value == self.row.op.removeprefix(NOT)), None)

    @property
    def needs_value(self) -> bool:
        return self.fact is not None and self.operator not in WITHOUT_VALUE

    @property
    def value_is_number(self) -> bool:
        return self.fact is not None and (self.fact.type is FieldType.NUMBER or self.operator in IN_DAYS)

    def tree(self) -> dict[str, Any]:
        """The condition as JSON, unchecked but for numbers; raises ``InvalidInput`` with the input at fault."""
        if not self.row.field:
            raise InvalidInput(_("Choose the fact that this test looks at."), field="field")
        return values.tree_of_test(self.row, self._touches() if self.is_touches else self._value())

    def _touches(self) -> dict[str, Any]:
        days = self.row.within_days.strip()
        return {
            "at_least": number(self.row.at_least, "at_least"),
            "within_days": number(days, "within_days") if days else None,
        }

    def _value(self) -> Any:
        if self.fact is None or not self.needs_value:
            return None
        if not self.row.value.strip():
            raise InvalidInput(_("Enter the value to compare with."), field="value")
        if self.value_is_number:
            return number(self.row.value, "value", whole=self.fact.type is not FieldType.NUMBER)
        if self.operator is Op.IN:
            parts = [part.strip() for part in re.split(values.SEPARATORS, self.row.value) if part.strip()]
            is_choice = self.fact.type is FieldType.CHOICE
            return [custom.read(self.fact, part, path="value") for part in parts] if is_choice else parts
        return self.row.value


class CriterionForm(Form):
    """One criterion: what it does, why, and its tests."""

    kind = forms.ChoiceField(label=gettext_lazy("What it does"), choices=Criterion.Kind.choices)
    points = forms.CharField(label=gettext_lazy("Points"), required=False, max_length=10)
    why = forms.CharField(label=gettext_lazy("Why"), required=False, max_length=300)
    join = forms.ChoiceField(
        label=gettext_lazy("How the tests are joined"),
        required=False,
        choices=[
            ("all", gettext_lazy("all of them hold (and)")),
            ("any", gettext_lazy("at least one holds (or)")),
        ],
    )

    def __init__(
        self,
        *args: Any,
        index: int,
        row: CriterionValues,
        kept: Condition | None,
        tests: list[TestForm],
        known: Vocabulary,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.index, self.row, self.kept, self.tests, self.known = index, row, kept, tests, known
        self.fields["points"].widget.attrs["inputmode"] = "numeric"
        self.condition: Condition | None = None
        self.faults: list[tuple[Form, InvalidInput]] = []
        self._read()

    @property
    def number(self) -> int:
        return self.index + 1

    @property
    def is_disqualifier(self) -> bool:
        return self.row.kind == Criterion.Kind.DISQUALIFIER

    @property
    def sentence(self) -> str:
        """The condition in words, "" while it cannot be read."""
        return say(self.condition) if self.condition is not None else ""

    @property
    def worth(self) -> int:
        try:
            return 0 if self.is_disqualifier else int(number(self.row.points, "points"))
        except InvalidInput:
            return 0

    def show_faults(self) -> None:
        """Put every fault beside its input."""
        for form, fault in self.faults:
            form.refuse(fault)

    def _read(self) -> None:
        if self.row.keep:
            self.condition = self.kept
            if self.kept is None:
                self.faults.append((self, InvalidInput(_("This criterion is not there any more. Remove this row."))))
            return
        trees = []
        for test in self.tests:
            try:
                tree = test.tree()
                parse(tree, self.known)
                trees.append(tree)
            except InvalidInput as fault:
                self.faults.append((test, InvalidInput(fault.message, field=fault.field.rpartition(".")[2])))
        if not self.tests:
            self.faults.append((self, InvalidInput(_("Add at least one test."))))
        if not self.faults:
            self.condition = parse(values.tree_of_criterion(self.row, trees), self.known)

    def data_of(self) -> CriterionData:
        """What the service takes; call it where there are no faults."""
        points = 0 if self.is_disqualifier else int(number(self.row.points, "points"))
        tree = {} if self.condition is None else dump(self.condition)
        return CriterionData(condition=tree, points=points, kind=self.row.kind, why=self.row.why.strip())


def number(text: str, field: str, *, whole: bool = True) -> int | float:
    """A number as people type it: full width, with commas; raises ``InvalidInput`` for ``field``."""
    plain = plain_number(text)
    if re.fullmatch(r"[+-]?\d{1,12}", plain):
        return int(plain)
    if not whole and re.fullmatch(r"[+-]?\d{1,12}\.\d{1,6}", plain):
        return float(plain)
    raise InvalidInput(_("Enter a whole number.") if whole else _("Enter a number."), field=field)
