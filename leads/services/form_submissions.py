"""What visitors send by a form becomes leads and touches, with what they agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.kernel import history
from alignment.kernel.errors import DomainError, InvalidInput
from leads.models import CaptureForm, FormSubmission, Lead, Touch
from leads.rules import normalise
from leads.rules.capture_forms import QUESTIONS, FormOutcome, FormState, page_of, still_asked
from leads.rules.custom import PREFIX
from leads.rules.stages import Stage
from leads.selectors.capture_forms import UTM, acting_for, consent_of, question_label
from leads.services import facts
from leads.services.capture import LeadData, TouchData, capture_lead
from leads.services.custom_values import HeldFields, stored_value
from leads.services.texts import NOT_STORABLE, check_text
from leads.services.touches import add_touch

LONGEST_UTM = 200


class FormIsClosed(DomainError):
    """The form takes nothing: not published, not open yet, over, or closed."""

    code = "form_closed"
    http_status = 410


@dataclass(frozen=True)
class Origin:
    """Where a visitor came from, as their browser and the embedding page say it: anything may stand in it."""

    landing_page: str = ""
    referrer: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """A filled-in form. ``answers`` by the names of questions (see ``Asked``); ``consent``: the number of the text that
    was shown.

    ``once``: the same for the same page sent with the same answers, at most 64 characters.
    """

    answers: Mapping[str, Any]
    consent: int
    language: str
    once: str
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True)
class Taken:
    """The submission, the lead as it stands now, and what this call did. ``is_new``: it was not sent before.

    ``has_qualified``: by this submission the lead became one that may be handed over.
    """

    submission: FormSubmission
    lead: Lead
    is_new: bool
    has_qualified: bool
    actor: User


def take_submission(*, form_id: int, sent: Sent, now: datetime) -> Taken:
    """Take in what a visitor has sent: a new lead, or a touch of the lead that they are already; judged at once.

    Nobody is signed in, so the form acts in the name of who published it (see ``acting_for``); the lead's source system
    and its submission say that it came by this form. Sent twice, also at the same moment, it is one submission. Raises
    ``FormIsClosed``, and ``InvalidInput`` with the answer at fault.
    """
    try:
        with transaction.atomic():
            return _take(form_id, sent, now)
    except IntegrityError:
        with transaction.atomic():
            if not FormSubmission.objects.filter(form_id=form_id, once=sent.once).exists():
                raise  # it was not that the same was sent at the same moment
            return _take(form_id, sent, now)


def _take(form_id: int, sent: Sent, now: datetime) -> Taken:
    form = CaptureForm.objects.select_related("campaign", "published_by").get(pk=form_id)
    actor = acting_for(form)
    today = timezone.localdate(now, Organisation.get().zone)
    if form.state(today) != FormState.OPEN or actor is None:
        raise FormIsClosed(_("This form takes nothing at the moment."))
    same = form.submissions.select_related("lead").filter(once=sent.once).first()
    if same is not None:
        return Taken(same, same.lead, is_new=False, has_qualified=False, actor=actor)
    consent = consent_of(form, sent.consent)
    if consent is None:
        raise InvalidInput(_("Agree to the text as it stands here now."), field="consent")
    answers = _checked(form, sent.answers)
    with history.written_by(actor.pk):
        lead, touch, outcome, has_qualified = _lead_and_touch(form, answers, sent, actor, now)
        submission = FormSubmission.objects.create(
            form=form,
            form_version=form.version,
            once=sent.once,
            at=now,
            language=sent.language,
            answers=answers,
            email=answers["email"],
            consent_text=consent,
            outcome=outcome,
            lead=lead,
            touch=touch,
            **_origin(sent.origin),
        )
    return Taken(submission, lead, is_new=True, has_qualified=has_qualified, actor=actor)


def _lead_and_touch(
    form: CaptureForm, answers: Mapping[str, Any], sent: Sent, actor: User, now: datetime
) -> tuple[Lead, Touch, FormOutcome, bool]:
    """The lead of this visitor with the touch that the submission is; whether it became ready to be handed over.

    Who has sent this form before is known by the address, and who came by another way as everybody is who comes in.
    """
    captured = capture_lead(data=_lead_data(form, answers, sent, now), actor=actor, now=now)
    lead = captured.lead
    if captured.is_new or captured.recognised:
        outcome = FormOutcome.NEW_LEAD if captured.is_new else FormOutcome.KNOWN_LEAD
        has_qualified = _may_be_handed_over(lead) and not captured.was_qualified
        return lead, lead.touches.latest("pk"), outcome, has_qualified
    could_before = _may_be_handed_over(lead)
    campaign = form.campaign.name if form.campaign else ""
    touch = add_touch(
        lead_id=lead.pk, kind=form.touch_kind_id, at=now, detail=form.name, campaign=campaign, actor=actor, now=now
    )
    lead.refresh_from_db()
    return lead, touch, FormOutcome.KNOWN_LEAD, _may_be_handed_over(lead) and not could_before


def _may_be_handed_over(lead: Lead) -> bool:
    return lead.stage == Stage.QUALIFIED


def _lead_data(form: CaptureForm, answers: Mapping[str, Any], sent: Sent, now: datetime) -> LeadData:
    """A new lead; its id is the address, so that two submissions at the same moment make one lead."""
    custom = {name.removeprefix(PREFIX): value for name, value in answers.items() if name.startswith(PREFIX)}
    return LeadData(
        **{name: value for name, value in answers.items() if not name.startswith(PREFIX)},
        custom={key: value for key, value in custom.items() if value is not None},
        source=form.source,
        landing_page=_page(sent.origin.landing_page),
        campaign=form.campaign.name if form.campaign else "",
        source_system=f"form:{form.key}",
        external_id=answers["email"][: facts.LIMITS["external_id"]],
        touches=(TouchData(form.touch_kind_id, now, form.name),),
    )


def _checked(form: CaptureForm, given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as they are kept: only to what is asked, none missing. Fields of admins stay as they are."""
    answers: dict[str, Any] = {}
    fields = HeldFields()
    for asked in still_asked(form.asked, fields=fields.custom):
        value = given.get(asked.name)
        if asked.name.startswith(PREFIX):
            value = stored_value(asked.name.removeprefix(PREFIX), value, fields)
        elif isinstance(value, str):
            check_text(value, longest=QUESTIONS[asked.name].longest, field=asked.name)
            value = facts.stored(asked.name, value)
        if asked.required and value in (None, ""):
            label = question_label(asked.name, fields.custom)
            raise InvalidInput(_("Fill in “%(label)s”.") % {"label": label}, field=asked.name)
        answers[asked.name] = value
    return answers


def _origin(origin: Origin) -> dict[str, str]:
    """What is kept of it: cut to fit, never a reason to lose a lead."""
    utm = {name: normalise.text(NOT_STORABLE.sub("", origin.utm.get(name, "")))[:LONGEST_UTM] for name in UTM}
    return utm | {"landing_page": _page(origin.landing_page), "referrer": _page(origin.referrer)}


def _page(address: str) -> str:
    return page_of(NOT_STORABLE.sub("", address))
