"""What visitors send: a lead or a touch, judged and offered at once, with what they agreed to; never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alignment.accounts.models import Organisation, User
from alignment.kernel.errors import InvalidInput
from handoff.models import Handoff
from handoff.services.form_submissions import submit_form
from leads.models import CaptureForm, FormSubmission, Lead, LeadEvent, Touch
from leads.selectors import timeline
from leads.selectors.capture_forms import facts_of_lead
from leads.services import capture_forms
from leads.services.form_submissions import FormIsClosed, Origin, Sent
from tests import factories
from tests.racing import at_once, while_uncommitted

UTM = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "spring"}
ORIGIN = Origin("https://www.example.com/catalogue?mail=hanako", "https://search.example/?q=gauge", UTM)
SENT = Sent(
    answers={"full_name": "Hanako", "email": "Hanako@Works.example"}, consent=1, language="en", once="a", origin=ORIGIN
)


@pytest.fixture
def form(mai: User) -> CaptureForm:
    """A form of a campaign that Mai published."""
    Organisation.get()  # is there: else two at once would wait for each other at its row already
    return factories.capture_form(created_by=mai, name="Catalogue", campaign=factories.campaign("Spring"))


def send(form: CaptureForm, now: datetime, **changes: object) -> FormSubmission:
    return submit_form(form_id=form.pk, sent=replace(SENT, **changes), now=now)  # type: ignore[arg-type]


def test_a_visitor_becomes_a_lead_that_says_where_it_came_from(form: CaptureForm, mai: User, now: datetime) -> None:
    submission = send(form, now)

    lead = submission.lead
    assert (lead.full_name, lead.email, lead.source) == ("Hanako", "hanako@works.example", "web")
    assert (lead.source_system, lead.campaign, lead.created_by) == (f"form:{form.key}", form.campaign, mai)
    assert lead.landing_page == submission.landing_page == "https://www.example.com/catalogue"
    assert submission.referrer == "https://search.example/"
    assert {name: getattr(submission, name) for name in UTM} == UTM
    assert (submission.outcome, submission.form_version, submission.at) == ("new_lead", 1, now)
    touch = Touch.objects.get()
    assert (touch.kind_id, touch.detail, touch.campaign, submission.touch) == (
        "inquiry",
        "Catalogue",
        form.campaign,
        touch,
    )
    event = LeadEvent.objects.get(kind="captured")
    assert (event.actor, event.data["system"]) == (mai, f"form:{form.key}")
    assert lead.history.order_by("pgh_id")[0].pgh_context.metadata["user"] == mai.pk


def test_the_page_of_the_lead_says_what_was_agreed_to(form: CaptureForm, now: datetime) -> None:
    submission = send(form, now)

    item = next(item for item in timeline.timeline(submission.lead) if item.kind == "touches")
    facts = {fact.name: fact.value for fact in facts_of_lead(submission.lead)}

    assert "Agreed to version 1" in item.text
    assert "google / cpc / spring" in item.text
    assert item.url.endswith(f"/{submission.pk}/")
    assert facts["Campaign link (UTM)"] == "google / cpc / spring"
    assert facts["Consent"].startswith("Agreed to version 1")


def test_a_qualified_visitor_is_offered_to_sales_at_once(
    form: CaptureForm, ren: User, mai: User, now: datetime
) -> None:
    web = {"field": "source", "op": "is", "value": "web"}
    factories.version_in_force({"condition": web, "points": 10})
    factories.routing_rule(ren.team)

    lead = send(form, now).lead

    handoff = Handoff.objects.get()
    assert (handoff.lead, handoff.status, handoff.submitted_by) == (lead, "offered", mai)


def test_who_qualifies_by_coming_again_is_offered_then(form: CaptureForm, ren: User, now: datetime) -> None:
    twice = {"touches": {"kind": "", "at_least": 2, "within_days": 30}}
    factories.version_in_force({"condition": twice, "points": 10})
    factories.routing_rule(ren.team)

    send(form, now)
    assert not Handoff.objects.exists()
    send(form, now + timedelta(hours=1), once="b")

    assert Handoff.objects.get().lead == Lead.objects.get()


def test_the_same_address_again_is_a_touch_of_the_same_lead(form: CaptureForm, now: datetime) -> None:
    first = send(form, now)

    second = send(form, now + timedelta(days=3), once="b", answers={"full_name": "H.", "email": "hanako@works.example"})

    assert (second.lead, second.outcome) == (first.lead, "known_lead")
    assert list(Touch.objects.order_by("pk").values_list("lead", flat=True)) == [first.lead_id] * 2
    assert Lead.objects.get().full_name == "Hanako"  # what was sent is kept with the submission


def test_by_another_form_they_are_still_the_same_person(form: CaptureForm, now: datetime) -> None:
    first = send(form, now)
    second = send(factories.capture_form(), now)

    assert (Lead.objects.count(), Touch.objects.count()) == (1, 2)
    assert (second.lead, second.outcome, second.touch) == (first.lead, "known_lead", Touch.objects.latest("pk"))


def test_the_same_sent_twice_is_one_submission(form: CaptureForm, now: datetime) -> None:
    first = send(form, now)

    assert send(form, now + timedelta(seconds=1)) == first
    assert (Lead.objects.count(), Touch.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_same_sent_at_the_same_moment_is_one_submission(form: CaptureForm, now: datetime) -> None:
    results = at_once(*[lambda: send(form, now).pk] * 4)

    assert len(set(results)) == 1
    assert (Lead.objects.count(), Touch.objects.count(), FormSubmission.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_same_sent_before_the_first_is_committed_is_one_submission(form: CaptureForm, now: datetime) -> None:
    second = while_uncommitted(lambda: send(form, now), lambda: send(form, now).pk)

    assert second == FormSubmission.objects.get().pk
    assert Touch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_pages_sent_by_one_person_at_the_same_moment_are_one_lead(form: CaptureForm, now: datetime) -> None:
    results = at_once(*[lambda once=once: send(form, now, once=once).lead_id for once in "abcd"])

    assert len(set(results)) == 1
    assert (Lead.objects.count(), Touch.objects.count(), FormSubmission.objects.count()) == (1, 4, 4)


def test_the_consent_is_to_the_text_that_was_shown(form: CaptureForm, mai: User, now: datetime) -> None:
    form.consent_texts.create(number=2, text_en="We also write to you.", created_by=mai, created_at=now)

    submission = send(form, now)

    assert submission.consent_text.text("en") == "We use it to answer you."


def test_a_text_that_never_was_is_no_consent(form: CaptureForm, now: datetime) -> None:
    with pytest.raises(InvalidInput) as refused:
        send(form, now, consent=7)

    assert refused.value.field == "consent"
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"full_name": "Hanako"}, "email"),
        ({"email": "nonsense"}, "email"),
        ({"email": "a@b.example", "full_name": "x" * 201}, "full_name"),
        ({"email": "a@b.example", "full_name": "a\u202eb"}, "full_name"),
    ],
)
def test_an_answer_that_cannot_be_kept_is_refused_by_its_question(
    form: CaptureForm, now: datetime, answers: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        send(form, now, answers=answers)

    assert refused.value.field == field
    assert not Lead.objects.exists()


def test_what_is_not_asked_is_not_taken(form: CaptureForm, now: datetime) -> None:
    lead = send(form, now, answers=SENT.answers | {"job_title": "Admin", "source_system": "x"}).lead

    assert (lead.job_title, lead.source_system) == ("", f"form:{form.key}")


def test_whatever_stands_in_the_origin_no_lead_is_lost_by_it(form: CaptureForm, now: datetime) -> None:
    origin = Origin("https://a.example/\u202e\x00" + "x" * 5000, "\ud800", {"utm_source": "\x00g\u202e" + "x" * 5000})

    submission = send(form, now, origin=origin)

    assert submission.utm_source == "g" + "x" * 199
    assert submission.landing_page == "https://a.example/" + "x" * 282
    assert submission.referrer == ""


def test_a_form_that_is_not_open_takes_nothing(form: CaptureForm, mai: User, now: datetime) -> None:
    capture_forms.close(form_id=form.pk, actor=mai, now=now)

    with pytest.raises(FormIsClosed):
        send(form, now)
    assert not Lead.objects.exists()


def test_when_its_publisher_has_left_no_lead_is_lost(form: CaptureForm, mai: User, aoi: User, now: datetime) -> None:
    User.objects.filter(pk=mai.pk).update(is_active=False)

    assert send(form, now).lead.created_by == aoi
