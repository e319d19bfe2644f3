"""Forms for visitors ask the fields that admins made: with the right control, checked, in the visitor's language."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput
from handoff.services.form_submissions import submit_form
from leads.models import CaptureForm, CustomField, FormSubmission, Lead
from leads.rules.capture_forms import Asked
from leads.selectors.capture_forms import answers_of
from leads.services import capture_forms, custom_fields
from leads.services.capture_forms import FormData, FormTexts
from leads.services.custom_fields import ChoiceData, FieldData, FieldInUse
from leads.services.form_submissions import Sent
from tests import factories
from tests.handoff.test_public_forms_views import Moments, address, filled

pytestmark = pytest.mark.django_db

KINDS = {"text": "Topic", "number": "Budget", "date": "Start", "choice": "Plan", "yes_no": "Newsletter"}
CHOICES = (("small", "Small"), ("large", "Large"))


@pytest.fixture
def clock(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Moments:
    moments = Moments(now)
    monkeypatch.setattr(timezone, "now", moments)
    return moments


@pytest.fixture
def visitor(clock: Moments) -> Client:
    return Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})


@pytest.fixture
def fields(db: None) -> dict[str, CustomField]:
    made = {}
    for kind, label in KINDS.items():
        choices = {"choices": CHOICES} if kind == "choice" else {}
        made[kind] = factories.custom_field(
            kind, kind, label_en=label, label_ja=f"{label}の欄", help_en="Ask twice.", **choices
        )
    return made


@pytest.fixture
def form(fields: dict[str, CustomField], mai: User) -> CaptureForm:
    """Asks the address and one field of each kind; the plan has to be chosen."""
    asked = [{"name": "email", "required": True}]
    asked += [{"name": f"custom.{kind}", "required": kind == "choice"} for kind in KINDS]
    made = factories.capture_form(created_by=mai, fields=asked, title_ja="請求")
    made.consent_texts.create(
        number=2, text_en="We answer.", text_ja="回答します。", created_by=mai, created_at=made.created_at
    )
    return made


def fill(page: HttpResponse, **answers: Any) -> dict[str, Any]:
    given = filled(page) | {f"custom.{kind}": value for kind, value in answers.items()}
    given.pop("full_name")
    return given


def send(visitor: Client, form: CaptureForm, clock: Moments, **answers: Any) -> HttpResponse:
    page = visitor.get(address(form))
    clock.pass_by(20)
    return visitor.post(address(form), fill(page, **answers))


ANSWERS = {"text": " Gauges ", "number": "１,200.50", "date": "2026-09-01", "choice": "large", "yes_no": "yes"}
KEPT = {"text": "Gauges", "number": 1200.5, "date": "2026-09-01", "choice": "large", "yes_no": True}


def test_what_a_visitor_answers_is_kept_with_the_lead_as_the_field_keeps_it(
    visitor: Client,
    form: CaptureForm,
    clock: Moments,
) -> None:
    assert send(visitor, form, clock, **ANSWERS).status_code == 303

    submission = FormSubmission.objects.get()
    assert Lead.objects.get().custom == KEPT
    assert {name.removeprefix("custom."): value for name, value in submission.answers.items() if "." in name} == KEPT
    told = {fact.name: fact.value for fact in answers_of(submission)}
    assert (told["Plan"], told["Newsletter"], told["Topic"]) == ("Large", "yes", "Gauges")


def test_what_is_left_blank_is_not_known(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    assert send(visitor, form, clock, choice="small").status_code == 303

    assert Lead.objects.get().custom == {"choice": "small"}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("number", "many"),
        ("date", "2026-02-30"),
        ("choice", "huge"),
        ("choice", ""),
        ("yes_no", "perhaps"),
        ("text", "x" * 501),
    ],
)
def test_what_is_no_value_of_the_field_is_said_beside_it(
    visitor: Client,
    form: CaptureForm,
    clock: Moments,
    kind: str,
    given: str,
) -> None:
    answer = send(visitor, form, clock, **(ANSWERS | {kind: given}))

    assert answer.status_code == 422
    assert re.search(rf'name="custom\.{kind}"[^>]*aria-invalid="true"', answer.text)
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("language", "label", "choose", "yes"),
    [("en", "Budget", "Please choose", "Yes"), ("ja", "Budgetの欄", "選択", "はい")],
)
def test_each_kind_has_its_control_in_the_language_of_the_visitor(
    form: CaptureForm, language: str, label: str, choose: str, yes: str
) -> None:
    page = Client(headers={"Accept-Language": language}).get(address(form)).text

    assert re.search(r'<input type="date" name="custom\.date"', page)
    assert re.search(r'name="custom\.number"[^>]*inputmode="decimal"', page)
    assert re.search(r'<select name="custom\.choice"', page)
    assert re.search(rf'<option value="yes">{yes}</option>', page)
    assert label in page
    if language == "en":
        assert choose in page
    assert "Ask twice." not in page  # said to colleagues


def test_what_was_typed_stays_when_the_language_is_changed(visitor: Client, form: CaptureForm) -> None:
    given = fill(visitor.get(address(form)), number="77", choice="large") | {"show_in": "ja"}

    page = visitor.post(address(form), given).text

    assert re.search(r'name="custom\.number" value="77"', page)
    assert re.search(r'<option value="large" selected>', page)


def test_a_retired_field_vanishes_and_what_was_sent_of_it_is_not_missed(
    visitor: Client,
    form: CaptureForm,
    fields: dict[str, CustomField],
    kei: User,
    clock: Moments,
) -> None:
    page = visitor.get(address(form))
    custom_fields.retire_field(field_id=fields["choice"].pk, actor=kei, now=clock.now)
    assert "custom.choice" not in visitor.get(address(form)).text
    clock.pass_by(20)

    assert visitor.post(address(form), fill(page, **ANSWERS)).status_code == 303
    assert "choice" not in Lead.objects.get().custom

    custom_fields.restore_field(field_id=fields["choice"].pk, actor=kei, now=clock.now)
    assert "custom.choice" in visitor.get(address(form)).text


def test_the_service_checks_what_no_page_has(form: CaptureForm, now: datetime) -> None:
    sent = Sent(answers={"email": "a@works.example", "custom.choice": "huge"}, consent=2, language="en", once="1")
    with pytest.raises(InvalidInput) as refused:
        submit_form(form_id=form.pk, sent=sent, now=now)
    assert refused.value.field == "custom.choice"

    missing = Sent(answers={"email": "a@works.example"}, consent=2, language="en", once="2")
    with pytest.raises(InvalidInput, match="Fill in “Plan”") as refused:
        submit_form(form_id=form.pk, sent=missing, now=now)
    assert refused.value.field == "custom.choice"


def test_a_field_that_a_form_asks_is_in_use(
    form: CaptureForm, fields: dict[str, CustomField], kei: User, now: datetime, signed_in: Callable[[User], Client]
) -> None:
    data = FieldData(label_ja="予算", label_en="Budget", kind="text")
    with pytest.raises(FieldInUse, match="a form"):
        custom_fields.edit_field(field_id=fields["number"].pk, data=data, actor=kei, now=now)

    page = signed_in(kei).get(reverse("leads:custom-field-edit", args=[fields["number"].pk])).text
    assert reverse("leads:form-detail", args=[form.pk]) in page


def test_a_choice_is_added_while_the_form_is_open(
    visitor: Client,
    form: CaptureForm,
    fields: dict[str, CustomField],
    kei: User,
    now: datetime,
) -> None:
    choices = [ChoiceData(ja=words, en=words, value=value) for value, words in (*CHOICES, ("vast", "Vast"))]
    data = FieldData(label_ja="プラン", label_en="Plan", kind="choice", choices=choices)
    custom_fields.edit_field(field_id=fields["choice"].pk, data=data, actor=kei, now=now)

    assert '<option value="vast">Vast</option>' in visitor.get(address(form)).text


def data(*asked: Asked) -> FormData:
    texts = {"en": FormTexts("Catalogue", "", "", "We use it to answer you.")}
    return FormData(name="F", texts=texts, asked=[Asked("email", required=True), *asked], source="web")


@pytest.mark.parametrize("name", ["custom.none", "custom.text", "text"])
def test_only_a_field_that_is_in_use_can_be_asked(
    name: str, fields: dict[str, CustomField], mai: User, kei: User, now: datetime
) -> None:
    factories.touch_kind("inquiry")
    custom_fields.retire_field(field_id=fields["text"].pk, actor=kei, now=now)
    with pytest.raises(InvalidInput, match="each of our fields"):
        capture_forms.save_form(form_id=None, data=data(Asked(name, required=False)), actor=mai, now=now)

    asked = Asked("custom.number", required=True)
    assert capture_forms.save_form(form_id=None, data=data(asked), actor=mai, now=now).asked[1] == asked


def test_the_page_of_the_form_offers_the_fields_and_keeps_their_place(
    form: CaptureForm, mai: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(mai)
    url = reverse("leads:form-edit", args=[form.pk])
    page = client.get(url)
    given = {
        bound.html_name: bound.value()
        for bound in page.context["form"]
        if bound.value() not in (None, False, "") and not bound.html_name.startswith("consent_")
    }
    given |= {"consent_en": "We answer.", "consent_ja": "回答します。"}

    answer = client.post(
        url, given | {"ask_custom.number": "required", "place_custom.number": "1", "ask_custom.text": ""}
    )

    assert answer.status_code == 302, answer.context["form"].errors
    form.refresh_from_db()
    names = [asked.name for asked in form.asked]
    assert "Ask for “Budget”" in page.text
    assert names.index("custom.number") in (0, 1)
    assert "custom.text" not in names
    assert Asked("custom.number", required=True) in form.asked
