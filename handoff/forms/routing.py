"""One routing rule: when ... then ..."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from alignment.accounts.models import Team
from alignment.accounts.roles import Side
from alignment.kernel.forms import Form
from alignment.kernel.inputs import whole_number
from handoff.models import RoutingRule
from leads.forms.definition_rows import OP_LABELS, field_choices, op_label
from leads.rules.conditions import IN_DAYS, OPERATORS, WITHOUT_VALUE, ConditionFault, Op, parse
from leads.rules.fields import Field, Fields, FieldType
from leads.selectors.vocabulary import known

ALL_OPERATORS = [(op.value, OP_LABELS[op.value]) for op in Op]


class RoutingRuleForm(Form):
    """A rule with one condition or none; ``condition`` of the cleaned data is the tree that the rule keeps."""

    name = forms.CharField(
        label=_("Name of the rule"), max_length=100, error_messages={"required": _("Enter a name for the rule.")}
    )
    field = forms.ChoiceField(label=pgettext_lazy("routing rule", "When"), required=False)
    op = forms.ChoiceField(label=_("Comparison"), required=False)
    value = forms.CharField(label=_("Value (several: separated by commas)"), required=False, max_length=200)
    team = forms.ModelChoiceField(
        label=_("Then offer to the team"),
        queryset=Team.objects.none(),
        error_messages={"required": _("Choose the team that is asked.")},
    )
    position = forms.IntegerField(
        label=_("Tried as number"), min_value=1, max_value=999, help_text=_("The first rule that fits a lead is used.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known()
        chosen = self["field"].value() or ""
        choices: dict[str, list[Any]] = {
            "field": [("", _("every lead")), *field_choices(self.known.fields, chosen=chosen)],
            "op": [("", "–"), *ALL_OPERATORS],
        }
        for name, options in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = options
        fitting = _fitting(chosen, self.known.fields)
        if fitting:  # any may be sent, so that a refusal can say which fit
            self.fields["op"].widget.choices = [("", "–"), *fitting]
        team = self.fields["team"]
        assert isinstance(team, forms.ModelChoiceField)
        team.queryset = Team.objects.filter(side=Side.SALES).order_by("name")

    def clean(self) -> dict[str, Any]:
        """Read the row as a condition; a fault is said beside the part it lies in."""
        cleaned = super().clean() or {}
        fitting = _fitting(cleaned.get("field", ""), self.known.fields)
        if fitting and cleaned.get("op") not in dict(fitting):
            names = pgettext("list separator", ", ").join(str(label) for _op, label in fitting)
            self.add_error("op", _("Choose a comparison that fits: %(names)s.") % {"names": names})
            return cleaned
        try:
            cleaned["condition"] = _tree(cleaned, self.known.fields)
            parse(cleaned["condition"], self.known)
        except ConditionFault as fault:
            self.add_error(fault.field if fault.field in ("field", "op", "value") else "value", str(fault.message))
        return cleaned


def initial(rule: RoutingRule) -> dict[str, Any]:
    """What the form shows for a rule that is there."""
    row = rule.condition if isinstance(rule.condition, dict) else {}
    value = row.get("value", "")
    return {
        "name": rule.name,
        "field": row.get("field", ""),
        "op": row.get("op", ""),
        "value": ", ".join(value) if isinstance(value, list) else value,
        "team": rule.team_id,
        "position": rule.position,
    }


def _fitting(key: Any, fields: Fields) -> list[tuple[str, Any]]:
    """The operators for a field with their words, none where no field is chosen."""
    return [(op.value, op_label(fields[key], op)) for op in OPERATORS[fields[key].type]] if key in fields else []


def _tree(cleaned: dict[str, Any], fields: Fields) -> dict[str, Any]:
    key, op, value = cleaned.get("field"), cleaned.get("op"), cleaned.get("value", "").strip()
    if not key:
        return {"all": []}
    if op in {free.value for free in WITHOUT_VALUE}:
        return {"field": key, "op": op}
    return {"field": key, "op": op, "value": _typed(value, op, fields[key])}


def _typed(value: str, op: str | None, field: Field) -> Any:
    if op == Op.IN.value:
        return [_choice(part.strip(), field) for part in value.replace("、", ",").split(",") if part.strip()]
    if field.type is FieldType.CHOICE:
        return _choice(value, field)
    if field.type is FieldType.NUMBER or op in {counted.value for counted in IN_DAYS}:
        number = whole_number(value.replace(",", ""))
        return value if number is None else number
    return value


def _choice(text: str, field: Field) -> str:
    """The choice that somebody names, by its value or in words; anything else as it is, to be refused."""
    named = (choice.value for choice in field.choices if text in (choice.value, choice.label.ja, choice.label.en))
    return next(named, text)
