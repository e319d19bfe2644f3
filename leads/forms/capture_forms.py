"""A capture form as marketing writes it: what it asks, in which order, and what it says in each language."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from alignment.kernel.errors import DomainError
from alignment.kernel.forms import Form
from leads.models import Campaign, CaptureForm, ConsentText
from leads.rules.capture_forms import ALWAYS_ASKED, LANGUAGES, QUESTIONS, Asked
from leads.selectors import touch_kinds
from leads.selectors.custom_fields import known
from leads.services.capture_forms import FormData, FormTexts

NOT_ASKED, OPTIONAL, REQUIRED = "", "optional", "required"
_ASKED = [
    (NOT_ASKED, gettext_lazy("not asked")),
    (OPTIONAL, pgettext_lazy("form field", "optional")),
    (REQUIRED, pgettext_lazy("form field", "required")),
]
_FIRST_ASKED = {"company_name": REQUIRED, "full_name": REQUIRED, "email": REQUIRED, "phone": OPTIONAL, "note": OPTIONAL}
_PARTS = {
    "title": gettext_lazy("Title"),
    "intro": gettext_lazy("Introduction"),
    "thanks": gettext_lazy("Thanks after sending"),
    "consent": gettext_lazy("What people agree to"),
}
_NAMES = {"ja": "日本語", "en": "English"}
_ROWS = {"intro": 3, "thanks": 3, "consent": 6}
_HINTS = {
    "title": gettext_lazy("The form speaks a language in which it has a title."),
    "consent": gettext_lazy("Who uses the entries, for what, and how to object. Each change is kept as a new version."),
}


class CaptureFormForm(Form):
    """Everything that can be written of a capture form. Each of our fields has a choice and a place in the order."""

    name = forms.CharField(
        label=gettext_lazy("Name of the form"), max_length=200, help_text=gettext_lazy("Stands at the touch of a lead.")
    )
    campaign = forms.ModelChoiceField(
        label=gettext_lazy("Campaign"),
        required=False,
        queryset=Campaign.objects.order_by("name", "pk"),
        empty_label=gettext_lazy("None"),
    )
    shows_promise = forms.BooleanField(
        label=gettext_lazy("Show the promise of the campaign"),
        required=False,
        help_text=gettext_lazy("Visitors read what sales reads before the first call."),
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=100,
        widget=forms.TextInput(attrs={"list": "known-source"}),
        help_text=gettext_lazy("Stands at each lead that comes by this form."),
    )
    touch_kind = forms.ChoiceField(label=gettext_lazy("Sending it counts as"))
    policy_url = forms.CharField(
        label=gettext_lazy("Address of the privacy policy"), required=False, max_length=300, widget=forms.URLInput
    )
    redirect_url = forms.CharField(
        label=gettext_lazy("Page to go on to after sending"),
        required=False,
        max_length=300,
        widget=forms.URLInput,
        help_text=gettext_lazy("Begins with https://. Empty: the thanks."),
    )
    origins = forms.CharField(
        label=gettext_lazy("Sites that may embed it"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "placeholder": "https://www.example.com"}),
        help_text=gettext_lazy("One a line, such as https://www.example.com. Empty: it stands on its own page only."),
    )
    opens_on = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    closes_on = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(
        self, data: Any = None, *, form: CaptureForm | None = None, consent: ConsentText | None = None
    ) -> None:
        self.labels = {name: str(question.label) for name, question in QUESTIONS.items()}
        self.labels |= {field.key: str(field.label) for field in known().offered}
        super().__init__(data, initial=_initial(form, consent, list(self.labels)))
        kinds = touch_kinds.choices(also=form.touch_kind_id if form else "")
        self.fields["touch_kind"].choices = kinds  # type: ignore[attr-defined]
        for language in LANGUAGES:
            for part, label in _PARTS.items():
                self.fields[f"{part}_{language}"] = _text_field(part, label, language)
        for place, (name, field_label) in enumerate(self.labels.items(), start=1):
            words = {"field": field_label}
            choices = [choice for choice in _ASKED if name != ALWAYS_ASKED or choice[0] == REQUIRED]
            self.fields[f"ask_{name}"] = forms.ChoiceField(
                label=_("Ask for “%(field)s”") % words, choices=choices, required=False
            )
            self.fields[f"place_{name}"] = forms.IntegerField(
                label=_("Place of “%(field)s”") % words, min_value=1, max_value=99, required=False, initial=place
            )

    def texts(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """The texts of each language: code, name, fields."""
        return [(code, _NAMES[code], [self[f"{part}_{code}"] for part in _PARTS]) for code in LANGUAGES]

    def questions(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Our fields and the admins' in the order of the form: label, choice, place."""
        lines = [(label, self[f"ask_{name}"], self[f"place_{name}"]) for name, label in self.labels.items()]
        return sorted(lines, key=lambda line: (not line[1].value(), _place(line[2].value())))

    def content(self) -> FormData:
        """What was written, as the service takes it."""
        given = dict(self.cleaned_data)
        texts = {
            language: FormTexts(**{part: given.pop(f"{part}_{language}") for part in _PARTS}) for language in LANGUAGES
        }
        placed = [(given.pop(f"place_{name}") or 99, name, given.pop(f"ask_{name}")) for name in self.labels]
        placed.sort(key=lambda line: line[0])
        asked = [Asked(name, required=need == REQUIRED) for _place, name, need in placed if need]
        return FormData(texts=texts, asked=asked, **given)

    def refuse(self, error: DomainError) -> None:
        """Say a refusal of the questions at the one that is always asked."""
        if error.field == "fields":
            error.field = f"ask_{ALWAYS_ASKED}"
        super().refuse(error)


def _text_field(part: str, label: Any, language: str) -> forms.CharField:
    widget = forms.Textarea({"rows": _ROWS[part]}) if part in _ROWS else forms.TextInput()
    widget.attrs["lang"] = language
    longest = {"title": 200, "consent": 5000}.get(part, 2000)
    return forms.CharField(
        label=f"{label} ({_NAMES[language]})",
        required=False,
        max_length=longest,
        widget=widget,
        help_text=_HINTS.get(part, ""),
    )


def _initial(form: CaptureForm | None, consent: ConsentText | None, names: list[str]) -> dict[str, Any]:
    if form is None:
        return {f"ask_{name}": need for name, need in _FIRST_ASKED.items()}
    plain = ("name", "campaign", "shows_promise", "source", "redirect_url", "opens_on", "closes_on")
    initial: dict[str, Any] = {name: getattr(form, name) for name in plain} | {"origins": "\n".join(form.origins)}
    initial["touch_kind"] = form.touch_kind_id
    for language in LANGUAGES:
        initial |= {f"{part}_{language}": getattr(form, f"{part}_{language}") for part in ("title", "intro", "thanks")}
        initial[f"consent_{language}"] = consent.text(language) if consent else ""
    initial["policy_url"] = consent.policy_url if consent else ""
    for place, asked in enumerate(form.asked, start=1):
        initial[f"ask_{asked.name}"] = REQUIRED if asked.required else OPTIONAL
        initial[f"place_{asked.name}"] = place
    rest = [name for name in names if f"place_{name}" not in initial]
    return initial | {f"place_{name}": len(form.asked) + index for index, name in enumerate(rest, start=1)}


def _place(value: Any) -> int:
    """A place as it was typed, for sorting; what is none comes last."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) <= 2 else 99
