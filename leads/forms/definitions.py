"""The definition builder: the head of a version and its criteria, each fault shown where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.kernel.errors import InvalidInput
from alignment.kernel.forms import Form
from leads.forms import definition_values as values
from leads.forms.definition_rows import CriterionForm, TestForm, number
from leads.forms.definition_values import CriterionValues, VersionValues
from leads.models import DefinitionVersion
from leads.rules.conditions import Condition, parse
from leads.rules.fields import Vocabulary
from leads.selectors.vocabulary import known
from leads.services.texts import REMARK


class VersionForm(Form):
    """The head of the builder."""

    threshold = forms.CharField(
        label=gettext_lazy("Points needed"),
        max_length=10,
        required=False,
        help_text=gettext_lazy("A lead with at least so many points, and no disqualifier, is qualified."),
    )
    takes_effect_at = forms.DateTimeField(
        label=gettext_lazy("In force from"),
        required=False,
        help_text=gettext_lazy("Empty: as soon as both sides have signed."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for the change"),
        required=False,
        max_length=REMARK,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Needed to propose: one sentence that both sides will read when they sign."),
    )


class Builder:
    """The whole page of the builder: its head and its criteria, with or without faults shown."""

    def __init__(self, content: VersionValues, version: DefinitionVersion, given: Vocabulary | None = None) -> None:
        self.values = content
        self.vocabulary = known() if given is None else given
        self.data = MultiValueDict({name: [value] for name, value in values.flat(content).items()})
        self.head = VersionForm(self.data)
        kept = {str(line.pk): parse(line.condition, self.vocabulary) for line in version.criteria.all()}
        self.criteria = [self._criterion(index, row, kept) for index, row in enumerate(content.criteria)]

    @classmethod
    def of_version(cls, version: DefinitionVersion, *, seen: int) -> Builder:
        vocabulary = known()
        return cls(values.of_version(version, seen=seen, known=vocabulary), version, vocabulary)

    @classmethod
    def of_post(cls, data: Mapping[str, Any], version: DefinitionVersion, *, action: str = "") -> Builder:
        return cls(values.changed(values.of_post(data), action), version)

    @property
    def seen(self) -> int | None:
        return values.seen_event(self.values.seen)

    @property
    def threshold(self) -> int:
        try:
            return int(number(self.values.threshold or "0", "threshold"))
        except InvalidInput:
            return 0

    def content(self) -> dict[str, Any]:
        """What ``save_draft`` takes; raises ``InvalidInput`` after every fault stands beside its input."""
        for criterion in self.criteria:
            criterion.show_faults()
        self._check_numbers()
        if not self.head.is_valid() or any(criterion.faults or criterion.errors for criterion in self.criteria):
            raise InvalidInput(_("Some criteria cannot be read yet."))
        starts: datetime | None = self.head.cleaned_data["takes_effect_at"]
        return {
            "threshold": self.threshold,
            "criteria": [criterion.data_of() for criterion in self.criteria],
            "reason": self.values.reason,
            "takes_effect_at": starts,
        }

    def add_error(self, path: str, message: str) -> None:
        """Show a refusal of the service where it belongs: ``criteria[2].points``, ``threshold``, or on top."""
        found = re.fullmatch(r"criteria\[(\d+)\]\.(\w+)(.*)", path)
        if found and int(found[1]) < len(self.criteria):
            criterion = self.criteria[int(found[1])]
            criterion.add_error(found[2] if found[2] in criterion.fields else None, message)
        else:
            self.head.add_error(path if path in self.head.fields else None, message)

    @property
    def errors(self) -> list[dict[str, str]]:
        """Every fault with the id of its input, for the summary on top."""
        found = _summary(self.head, "")
        for criterion in self.criteria:
            place = _("Criterion %(number)d: ") % {"number": criterion.number}
            for form in (criterion, *criterion.tests):
                found += _summary(form, place)
        return found

    def _criterion(self, index: int, row: CriterionValues, kept: dict[str, Condition]) -> CriterionForm:
        prefix = f"c{index}"
        tests = [
            TestForm(self.data, prefix=f"{prefix}-t{i}", row=test, known=self.vocabulary)
            for i, test in enumerate(row.tests)
        ]
        return CriterionForm(
            self.data, prefix=prefix, index=index, row=row, kept=kept.get(row.keep), tests=tests, known=self.vocabulary
        )

    def _check_numbers(self) -> None:
        checks: list[tuple[forms.Form, str, str]] = [(self.head, "threshold", self.values.threshold or "0")]
        checks += [(line, "points", line.row.points) for line in self.criteria if not line.is_disqualifier]
        for form, name, text in checks:
            try:
                number(text, name)
            except InvalidInput as fault:
                form.add_error(name, str(fault.message))


def _summary(form: forms.Form, place: str) -> list[dict[str, str]]:
    found = [{"message": f"{place}{message}", "id": ""} for message in form.non_field_errors()]
    for name, messages in form.errors.items():
        if name in form.fields:
            target = form[name].id_for_label
            found += [{"message": f"{place}{message}", "id": target} for message in messages]
    return found
