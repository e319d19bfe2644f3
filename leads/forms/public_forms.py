"""A capture form as a visitor fills it in: our questions, what is agreed to, and the ticket that the page was given."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as _

from alignment.kernel.forms import Form
from leads.forms.amounts import PeopleField
from leads.forms.custom_values import input_of
from leads.models import CaptureForm, ConsentText
from leads.rules import custom
from leads.rules.capture_forms import QUESTIONS, Asked, still_asked
from leads.rules.fields import Fields
from leads.selectors.capture_forms import UTM
from leads.selectors.custom_fields import known
from leads.services.facts import stored
from leads.services.form_submissions import Origin, Sent

SALT = "leads.capture_form"
VALID_FOR = timedelta(hours=24)
FASTEST = timedelta(seconds=2)
"""Nobody reads what they agree to in less."""
TRAP = "extra"
ORIGIN = (*UTM, "landing_page", "referrer")
LONGEST_ORIGIN = 2000


@dataclass(frozen=True)
class Ticket:
    """What a page was given: for which form, when, with which text to agree to. ``once`` is its own.

    Signed, and the only thing that a sent form has to bring: no cookie, so that it works in a frame of another site. It
    protects nobody from a forged request and need not: whoever sends a form acts as nobody, signed in or not, and a
    stranger's page could send no more than a stranger can.
    """

    form: int
    consent: int
    at: datetime
    once: str

    @classmethod
    def new(cls, consent: ConsentText, *, now: datetime) -> Ticket:
        return cls(consent.form_id, consent.number, now, secrets.token_urlsafe(12))

    @classmethod
    def read(cls, text: str, *, form: CaptureForm, now: datetime) -> Ticket | None:
        """The ticket that was given out for this form within the last day; None for anything else."""
        try:
            form_id, consent, at, once = signing.loads(text, salt=SALT)
            ticket = cls(form_id, consent, datetime.fromisoformat(at), once)
        except (signing.BadSignature, ValueError, TypeError):
            return None
        return ticket if ticket.form == form.pk and now - ticket.at <= VALID_FOR else None

    def __str__(self) -> str:
        return signing.dumps([self.form, self.consent, self.at.isoformat(), self.once], salt=SALT)


class PublicForm(Form):
    """The questions of a form in its order. ``extra`` is asked of nobody: who fills it in is no human."""

    ticket = forms.CharField(widget=forms.HiddenInput(attrs={"autocomplete": "off"}), max_length=1000, required=False)

    def __init__(self, data: Any = None, *, form: CaptureForm, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.given = ticket
        for name in ORIGIN:
            widget = forms.HiddenInput({"data-origin": name, "autocomplete": "off"})
            self.fields[name] = forms.Field(required=False, widget=widget)  # whatever it holds
        self.own = known().custom
        asked_now = still_asked(form.asked, fields=self.own)
        self.questions = [asked.name for asked in asked_now]
        for asked in asked_now:
            self.fields[asked.name] = _field(asked, self.own)
        self.fields["consent"] = forms.BooleanField(
            label=_("I agree"), error_messages={"required": _("Tick “I agree” to send the form.")}
        )
        self.fields[TRAP] = forms.CharField(required=False, label=_("Leave this empty"))

    @property
    def origin(self) -> list[forms.BoundField]:
        """The hidden fields of where the visitor came from; a script of the embedding site may fill them in."""
        return [self[name] for name in ORIGIN]

    @property
    def asked(self) -> list[forms.BoundField]:
        """The questions, as the page shows them."""
        return [self[name] for name in self.questions]

    @property
    def is_trapped(self) -> bool:
        """Whether the field that no human sees was filled in."""
        return bool(self.data.get(TRAP))

    def is_too_fast(self, *, now: datetime) -> bool:
        """Whether all of it was filled in faster than a human could."""
        return now - self.given.at < FASTEST

    def clean(self) -> dict[str, Any]:
        """Each answer as the service checks it, so that every fault is said at once."""
        cleaned = super().clean() or {}
        for name in self.questions:
            if isinstance(cleaned.get(name), str):
                self.check(self._read, cleaned, name)
        return cleaned

    def _read(self, cleaned: dict[str, Any], name: str) -> None:
        """Check an answer; one to a question of the admins is read as people write it."""
        if name in self.own:
            cleaned[name] = custom.read(self.own[name], cleaned[name], path=name)
        else:
            stored(name, cleaned[name])

    def sent(self, language: str) -> Sent:
        """What the visitor has sent."""
        answers = {name: self.cleaned_data[name] for name in self.questions}
        content = json.dumps([self.given.once, answers], sort_keys=True)
        given = {name: str(self.cleaned_data[name] or "")[:LONGEST_ORIGIN] for name in ORIGIN}
        return Sent(
            answers=answers,
            consent=self.given.consent,
            language=language,
            once=hashlib.sha256(content.encode()).hexdigest(),
            origin=Origin(given.pop("landing_page"), given.pop("referrer"), utm=given),
        )


def _field(asked: Asked, own: Fields) -> forms.Field:
    """The input of a question. What helps colleagues to fill a field of the admins is not said to strangers."""
    if field := own.get(asked.name):
        return input_of(field, label=str(field.label), required=asked.required, empty=_("Please choose"))
    question = QUESTIONS[asked.name]
    common: dict[str, Any] = {"label": question.label, "required": asked.required}
    if asked.name == "employee_count":
        return PeopleField(**common)
    attrs = {"autocomplete": question.autocomplete}
    widget: forms.Widget = forms.TextInput({**attrs, "type": question.input_type})
    if question.input_type == "textarea":
        widget = forms.Textarea({**attrs, "rows": 4})
    return forms.CharField(widget=widget, max_length=question.longest, **common)
