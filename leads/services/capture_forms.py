"""Forms for visitors: written, published in somebody's name, closed again. What was agreed to by them stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError, InvalidInput, NotFound
from leads.models import Campaign, CaptureForm, ConsentText
from leads.rules.capture_forms import LANGUAGES, Asked, check_questions, https_address, origins
from leads.services.campaigns import hold_campaign
from leads.services.custom_values import HeldFields
from leads.services.facts import LIMITS
from leads.services.texts import LONG_TEXT, REMARK, check_text
from leads.services.touch_kinds import hold_in_use

KEY_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without those that people take for one another."""
_LONGEST = {"title": 200, "intro": REMARK, "thanks": REMARK, "consent": LONG_TEXT}


@dataclass(frozen=True)
class FormTexts:
    """What a form says in one language; without a title it does not speak it."""

    title: str = ""
    intro: str = ""
    thanks: str = ""
    consent: str = ""


@dataclass(frozen=True)
class FormData:
    """What somebody writes of a form. ``texts`` by language; ``origins``: the sites that may embed it, one a line."""

    name: str
    texts: Mapping[str, FormTexts]
    asked: Sequence[Asked]
    source: str
    touch_kind: str = "inquiry"
    campaign: Campaign | None = None
    shows_promise: bool = False
    policy_url: str = ""
    redirect_url: str = ""
    origins: str = ""
    opens_on: date | None = None
    closes_on: date | None = None


@transaction.atomic
def save_form(*, form_id: int | None, data: FormData, actor: User, now: datetime) -> CaptureForm:
    """Write a form (None), or change the one with ``form_id``; a live one changes at once.

    A changed consent text becomes a new version of it; what was agreed to before stays as it was.
    """
    actor.require(Permission.EDIT_FORMS)
    _check(data)
    check_questions(list(data.asked), fields=HeldFields().custom)
    hold_campaign(data.campaign)
    if form_id is None:
        key = get_random_string(12, KEY_SIGNS)  # not to be guessed: a form is found by those who were told
        form = CaptureForm(key=key, created_by=actor, created_at=now, version=0)
    else:
        form = _locked(form_id)
    if data.touch_kind != form.touch_kind_id:
        hold_in_use(data.touch_kind, field="touch_kind")
    form.name, form.source, form.touch_kind_id = data.name.strip(), data.source.strip(), data.touch_kind
    form.campaign, form.shows_promise = data.campaign, data.shows_promise
    form.fields = [{"name": asked.name, "required": asked.required} for asked in data.asked]
    form.redirect_url = https_address(data.redirect_url, field="redirect_url")
    form.origins = origins(data.origins, field="origins")
    form.opens_on, form.closes_on = data.opens_on, data.closes_on
    for language in LANGUAGES:
        texts = data.texts.get(language, FormTexts())
        for part in ("title", "intro", "thanks"):
            setattr(form, f"{part}_{language}", getattr(texts, part).strip())
    form.version += 1
    form.updated_at = now
    form.save()
    _keep_consent(form, data, actor, now)
    return form


@transaction.atomic
def publish(*, form_id: int, actor: User, now: datetime) -> CaptureForm:
    """Open a form to the public, also one that was closed. From now on it takes leads in, in the name of ``actor``."""
    actor.require(Permission.EDIT_FORMS)
    actor.require(Permission.SUBMIT_LEAD)
    form = _locked(form_id)
    hold_in_use(form.touch_kind_id, field="touch_kind")
    form.published_by, form.published_at, form.closed_at, form.updated_at = actor, now, None, now
    form.save()
    return form


@transaction.atomic
def close(*, form_id: int, actor: User, now: datetime) -> CaptureForm:
    """Take nothing more in; who opens the form reads that it is closed."""
    actor.require(Permission.EDIT_FORMS)
    form = _locked(form_id)
    if form.published_at is None:
        raise DomainError(_("This form was never published."), code="not_published")
    if form.closed_at is None:
        form.closed_at = form.updated_at = now
        form.save()
    return form


def count_bot(*, form_id: int) -> None:
    """Count a sender that is no human; nothing else of it is kept."""
    CaptureForm.objects.filter(pk=form_id).update(bots_caught=F("bots_caught") + 1)


def _check(data: FormData) -> None:
    if not data.name.strip():
        raise InvalidInput(_("Give the form a name."), field="name")
    if not data.source.strip():
        raise InvalidInput(_("Enter where the lead came from."), field="source")
    check_text(data.name, longest=200, field="name")
    check_text(data.source, longest=LIMITS["source"], field="source")
    _check_texts(data.texts)
    https_address(data.policy_url, field="policy_url")
    if data.opens_on and data.closes_on and data.closes_on < data.opens_on:
        raise InvalidInput(_("The last day must not be before the first."), field="closes_on")


def _check_texts(texts: Mapping[str, FormTexts]) -> None:
    for language in LANGUAGES:
        said = texts.get(language, FormTexts())
        for part, longest in _LONGEST.items():
            check_text(getattr(said, part), longest=longest, field=f"{part}_{language}")
        has_title, has_consent = bool(said.title.strip()), bool(said.consent.strip())
        if has_title and not has_consent:
            message = _("Write what people agree to, in each language that the form speaks.")
            raise InvalidInput(message, field=f"consent_{language}")
        if not has_title and any(getattr(said, part).strip() for part in _LONGEST):
            raise InvalidInput(
                _("A language in which the form says something needs a title."), field=f"title_{language}"
            )
    if not any(texts.get(language, FormTexts()).title.strip() for language in LANGUAGES):
        raise InvalidInput(_("Give the form a title in at least one language."), field="title_ja")


def _keep_consent(form: CaptureForm, data: FormData, actor: User, now: datetime) -> None:
    """Write what is agreed to, where it differs from the latest version."""
    wanted = {f"text_{language}": data.texts.get(language, FormTexts()).consent.strip() for language in LANGUAGES}
    wanted["policy_url"] = https_address(data.policy_url, field="policy_url")
    latest = form.consent_texts.order_by("-number").first()
    if latest is not None and all(getattr(latest, name) == value for name, value in wanted.items()):
        return
    number = latest.number + 1 if latest else 1
    ConsentText.objects.create(form=form, number=number, created_by=actor, created_at=now, **wanted)


def _locked(form_id: int) -> CaptureForm:
    form = CaptureForm.objects.select_for_update().filter(pk=form_id).first()
    if form is None:
        raise NotFound(_("There is no such form."))
    return form
