"""What is missing in a form is asked for by its name, in the same words beside the field and in the summary."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import engines
from django.utils import translation
from django.utils.html import escape

from alignment.kernel.forms import AsksByName, Form

OURS = ("alignment", "leads", "handoff", "reviews")


class Letter(Form):
    to = forms.CharField(label="Name")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A")])
    on = forms.DateField(label="Day", error_messages={"required": "Choose the day."})
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        self.fields["from"] = forms.CharField(label="Sender")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def test_each_field_is_asked_for_by_its_name() -> None:
    assert {name: messages[0] for name, messages in Letter({}).errors.items()} == {
        "to": "Fill in “Name”.",
        "kind": "Choose “Kind”.",
        "on": "Choose the day.",
        "seen": "This page is not complete any more. Load it again, then try once more.",
        "from": "Fill in “Sender”.",
    }


def test_the_summary_says_the_same_words_as_the_field() -> None:
    template = engines["django"].from_string("{% form_errors form %}{% field form.to %}{% field form.kind %}")

    page = template.render({"form": Letter({})})

    assert page.count(escape("Fill in “Name”.")) == page.count(escape("Choose “Kind”.")) == 2
    assert "Name: " not in page


def test_every_form_of_ours_asks_so() -> None:
    base: Path = settings.BASE_DIR
    for path in sorted(path for app in OURS for path in (base / app).rglob("forms/*.py")):
        import_module(".".join(path.relative_to(base).with_suffix("").parts))

    ours = [form for form in _all(forms.BaseForm) if form.__module__.partition(".")[0] in OURS]

    assert ours
    assert [form for form in ours if not issubclass(form, AsksByName)] == []


def _all(base: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for form in base.__subclasses__():
        yield form
        yield from _all(form)
