"""The pages for visitors: without cookies and scripts, in their language, framed only where the form allows it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import User
from leads.models import CaptureForm, FormSubmission, Lead
from leads.services import form_limits
from tests import factories
from tests.racing import at_once

HOSTILE = "<img src=x onerror=alert(1)>{{ 7919*7907 }}'\""
BOTH = {"title_ja": "カタログ請求", "intro_ja": "お送りします。", "title_en": "Catalogue", "thanks_en": "On its way."}


class Moments:
    """The clock of these tests."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Moments:
    moments = Moments(now)
    monkeypatch.setattr(timezone, "now", moments)
    return moments


@pytest.fixture
def form(mai: User, clock: Moments) -> CaptureForm:
    made = factories.capture_form(created_by=mai, origins=["https://www.example.com"], **BOTH)
    made.consent_texts.create(
        number=2, text_en="We answer.", text_ja="回答に使います。", created_by=mai, created_at=clock.now
    )
    return made


@pytest.fixture
def visitor() -> Client:
    """A browser that insists on the check of forged requests, as all do."""
    return Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})


def address(form: CaptureForm, name: str = "page") -> str:
    return reverse(f"handoff:form-{name}", args=[form.key])


def filled(page: HttpResponse, **answers: Any) -> dict[str, Any]:
    """What a browser would send of this page, with these answers and the consent."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return hidden | {"full_name": "Hanako", "email": "hanako@works.example", "consent": "on", "extra": ""} | answers


def sent(visitor: Client, form: CaptureForm, clock: Moments, *, name: str = "page", **answers: Any) -> HttpResponse:
    """A visitor opens the form, takes their time, and sends it."""
    page = visitor.get(address(form, name))
    clock.pass_by(20)
    return visitor.post(address(form, name), filled(page, **answers))


@pytest.mark.parametrize("name", ["page", "embed"])
def test_a_form_is_sent_without_any_cookie(visitor: Client, form: CaptureForm, clock: Moments, name: str) -> None:
    done = sent(visitor, form, clock, name=name)
    thanks = visitor.get(done.headers["Location"])

    assert done.status_code == 303
    assert "On its way." in thanks.text
    assert Lead.objects.get().email == "hanako@works.example"
    assert not visitor.cookies
    assert not [answer for answer in (done, thanks) if "Set-Cookie" in answer.headers]


@pytest.mark.parametrize(
    ("wish", "language", "title", "send"),
    [("ja,en;q=0.5", "ja", "カタログ請求", "お問い合わせ"), ("en-GB", "en", "Catalogue", "E-mail address")],
)
def test_it_speaks_the_language_of_the_browser(
    form: CaptureForm, wish: str, language: str, title: str, send: str
) -> None:
    form.fields.append({"name": "note", "required": False})
    form.save()
    page = Client(headers={"Accept-Language": wish}).get(address(form))

    assert f'<html lang="{language}">' in page.text
    assert page.headers["Content-Language"] == language
    assert title in page.text


def test_a_form_without_texts_in_a_language_does_not_offer_it(form: CaptureForm) -> None:
    form.title_ja = ""
    form.save()

    page = Client(headers={"Accept-Language": "ja"}).get(address(form))

    assert '<html lang="en">' in page.text
    assert "日本語" not in page.text


def test_another_language_is_chosen_without_losing_what_was_typed(visitor: Client, form: CaptureForm) -> None:
    page = visitor.get(address(form))

    switched = visitor.post(address(form), filled(page, full_name="花子", email="half@", show_in="ja"))

    assert switched.status_code == 200
    assert "カタログ請求" in switched.text
    assert 'value="花子"' in switched.text
    assert 'value="half@"' in switched.text
    assert "error-summary" not in switched.text


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    visitor: Client, form: CaptureForm, clock: Moments
) -> None:
    refused = sent(visitor, form, clock, full_name=HOSTILE, email="nonsense", consent="")

    assert refused.status_code == 422
    assert "<title>Error: Catalogue" in refused.text
    assert "“nonsense” is not an e-mail address: write it such as name@example.com." in refused.text
    assert "Tick “I agree” to send the form." in refused.text
    assert re.search(r'<input type="email"[^>]*aria-describedby="id_email_error"[^>]*>', refused.text)
    assert 'href="#id_email"' in refused.text
    assert "<img src=x" not in refused.text
    assert str(7919 * 7907) not in refused.text
    assert not Lead.objects.exists()
    again = visitor.post(address(form), filled(refused))
    assert (again.status_code, Lead.objects.count()) == (303, 1)


def test_where_the_visitor_came_from_is_kept(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    page = visitor.get(
        address(form), {"utm_source": "news", "utm_term": HOSTILE}, headers={"Referer": "https://a.example/b?c"}
    )
    clock.pass_by(20)
    visitor.post(address(form), filled(page, utm_term=HOSTILE))

    found = FormSubmission.objects.get()
    assert (found.utm_source, found.utm_term, found.referrer) == ("news", HOSTILE, "https://a.example/b")
    assert found.landing_page == f"http://testserver{address(form)}"


def test_in_a_frame_the_page_around_it_is_the_landing_page(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    page = visitor.get(address(form, "embed"), headers={"Referer": "https://www.example.com/offer?x=1"})
    clock.pass_by(20)
    visitor.post(address(form, "embed"), filled(page))

    found = FormSubmission.objects.get()
    assert (found.landing_page, found.referrer) == ("https://www.example.com/offer", "")


def test_the_same_page_sent_twice_is_one_submission(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    page = visitor.get(address(form))
    clock.pass_by(20)

    answers = [visitor.post(address(form), filled(page)).status_code for _time in range(2)]
    corrected = visitor.post(address(form), filled(page, full_name="Hanako Yamada"))

    assert answers == [303, 303]
    assert corrected.status_code == 303
    assert (Lead.objects.count(), FormSubmission.objects.count()) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_submission(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    body = filled(visitor.get(address(form)))
    clock.pass_by(20)

    answers = at_once(*[lambda: Client().post(address(form), body).status_code] * 2)

    assert answers == [303, 303]
    assert FormSubmission.objects.count() == 1


@pytest.mark.parametrize("seconds", [1, 20])
def test_a_bot_reads_the_same_thanks_and_only_counts(
    visitor: Client, form: CaptureForm, clock: Moments, seconds: int
) -> None:
    page = visitor.get(address(form))
    clock.pass_by(seconds)

    done = visitor.post(address(form), filled(page, extra="https://spam.example"))

    form.refresh_from_db()
    assert (done.status_code, done.headers["Location"]) == (303, f"{address(form, 'thanks')}?lang=en")
    assert not Lead.objects.exists()
    assert not FormSubmission.objects.exists()
    assert form.bots_caught == 1
    assert form.history.count() == 1  # a count is no change of the form


def test_who_sends_faster_than_one_reads_is_asked_to_send_again_and_loses_nothing(
    visitor: Client, form: CaptureForm, clock: Moments
) -> None:
    page = visitor.get(address(form))
    clock.pass_by(1)

    asked = visitor.post(address(form), filled(page))

    assert asked.status_code == 422
    assert "Look over your entries, then send them again." in asked.text
    assert 'value="hanako@works.example"' in asked.text
    assert not Lead.objects.exists()
    clock.pass_by(2)
    assert visitor.post(address(form), filled(asked)).status_code == 303
    assert Lead.objects.get().email == "hanako@works.example"
    form.refresh_from_db()
    assert form.bots_caught == 0


def test_who_sends_too_early_what_is_not_complete_reads_what_is_missing(
    visitor: Client, form: CaptureForm, clock: Moments
) -> None:
    page = visitor.get(address(form))

    assert visitor.post(address(form), filled(page, email="")).status_code == 422
    form.refresh_from_db()
    assert form.bots_caught == 0


@pytest.mark.parametrize("ticket", ["", "made-up", "x" * 5000])
def test_without_its_ticket_nothing_is_taken_and_nothing_lost(
    visitor: Client, form: CaptureForm, clock: Moments, ticket: str
) -> None:
    refused = sent(visitor, form, clock, ticket=ticket)

    assert refused.status_code == 422
    assert "This page was open for a long time." in refused.text
    assert 'value="hanako@works.example"' in refused.text
    assert not Lead.objects.exists()
    clock.pass_by(20)
    assert visitor.post(address(form), filled(refused)).status_code == 303


def test_the_ticket_of_another_form_or_of_yesterday_is_none(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    other = factories.capture_form()
    other.consent_texts.create(number=2, text_en="We sell it.", created_by=form.created_by, created_at=clock.now)
    page = visitor.get(address(form))
    clock.pass_by(20)

    assert visitor.post(address(other), filled(page)).status_code == 422
    clock.pass_by(24 * 3600)
    assert visitor.post(address(form), filled(page)).status_code == 422


def test_a_text_changed_meanwhile_is_not_what_was_agreed_to(
    visitor: Client, form: CaptureForm, clock: Moments, mai: User
) -> None:
    page = visitor.get(address(form))
    form.consent_texts.create(number=3, text_en="We sell it.", created_by=mai, created_at=clock.now)
    clock.pass_by(20)

    refused = visitor.post(address(form), filled(page, email="nonsense"))
    visitor.post(address(form), filled(refused))

    assert "We answer." in refused.text
    assert FormSubmission.objects.get().consent_text.number == 2


def test_who_sends_too_often_is_told_when_to_try_again(
    visitor: Client, form: CaptureForm, clock: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_limits, "FROM_ONE_ADDRESS", 2)
    page = visitor.get(address(form))
    clock.pass_by(20)
    people = [filled(page, email=f"p{number}@works.example") for number in range(3)]

    first = [visitor.post(address(form), person).status_code for person in people]
    busy = visitor.post(address(form), people[2] | {"language": "ja"})
    elsewhere = visitor.post(address(form), people[2], REMOTE_ADDR="2001:db8:1::1")

    assert first == [303, 303, 429]
    assert busy.headers["Retry-After"] == "30"
    assert "30秒待ってから" in busy.text
    assert 'value="p2@works.example"' in busy.text
    assert elsewhere.status_code == 303
    clock.pass_by(30)
    assert visitor.post(address(form), people[2] | {"full_name": "Later"}).status_code == 303


def test_a_network_of_addresses_is_one_sender(
    visitor: Client, form: CaptureForm, clock: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_limits, "FROM_ONE_ADDRESS", 1)
    page = visitor.get(address(form))
    clock.pass_by(20)

    def post(name: str, source: str) -> int:
        return visitor.post(address(form), filled(page, full_name=name), REMOTE_ADDR=source).status_code

    assert [post("a", "2001:db8::1"), post("b", "2001:db8::ffff:2"), post("c", "2001:db8:0:1::1")] == [303, 429, 303]


def test_all_together_have_a_limit_too(
    visitor: Client, form: CaptureForm, clock: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_limits, "OF_ONE_FORM", 2)
    page = visitor.get(address(form))
    clock.pass_by(20)

    found = [visitor.post(address(form), filled(page), REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(3)]

    assert found == [303, 303, 429]


def test_the_hosted_page_stands_in_no_frame_and_the_other_in_those_of_its_sites(
    visitor: Client, form: CaptureForm, clock: Moments
) -> None:
    hosted, framed = visitor.get(address(form)), visitor.get(address(form, "embed"))
    thanks, refused = visitor.get(address(form, "embed-thanks")), sent(visitor, form, clock, name="embed", email="x")

    assert hosted.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in hosted.headers["Content-Security-Policy"]
    for page in (framed, thanks, refused):
        assert "X-Frame-Options" not in page.headers
        assert "frame-ancestors 'self' https://www.example.com;" in page.headers["Content-Security-Policy"] + ";"


def test_the_rest_of_the_portal_stands_in_no_frame(visitor: Client, form: CaptureForm) -> None:
    for path in (reverse("account_login"), reverse("handoff:form-embed", args=["nobodys"])):
        answer = visitor.get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_it_goes_on_to_the_page_that_the_form_names(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    form.redirect_url = "https://www.example.com/thanks"
    form.save()

    hosted, framed = sent(visitor, form, clock), sent(visitor, form, clock, name="embed", full_name="Again")

    assert hosted.headers["Location"] == "https://www.example.com/thanks"
    policy = visitor.get(address(form)).headers["Content-Security-Policy"]
    assert "form-action 'self' https://www.example.com" in policy
    assert framed.headers["Location"].startswith(address(form, "embed-thanks"))
    assert 'href="https://www.example.com/thanks" target="_top"' in visitor.get(framed.headers["Location"]).text


def test_a_closed_form_says_so_kindly(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    page = visitor.get(address(form))
    form.closed_at = clock.now
    form.save()
    clock.pass_by(20)

    for answer in (visitor.get(address(form)), visitor.post(address(form), filled(page))):
        assert answer.status_code == 410
        assert "This form is closed" in answer.text
    assert not Lead.objects.exists()


def test_a_draft_and_what_never_was_answer_alike(visitor: Client, form: CaptureForm) -> None:
    draft = factories.capture_form(published_at=None, published_by=None)

    answers = [visitor.get(address(draft)), visitor.get(reverse("handoff:form-page", args=["nobodys"]))]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text


def test_who_comes_too_early_is_told_so(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    form.opens_on = (clock.now + timedelta(days=3)).date()
    form.save()

    answer = visitor.get(address(form))

    assert answer.status_code == 404
    assert "This form is not open yet" in answer.text


def test_more_than_a_form_holds_is_refused_unread(visitor: Client, form: CaptureForm, clock: Moments) -> None:
    refused = sent(visitor, form, clock, full_name="x" * 70_000)

    assert refused.status_code == 413
    assert not Lead.objects.exists()


def test_what_marketing_wrote_is_text_on_the_page(visitor: Client, form: CaptureForm) -> None:
    texts = {"title_en": HOSTILE, "intro_en": HOSTILE, "thanks_en": HOSTILE, "redirect_url": "https://a.example/"}
    CaptureForm.objects.update(**texts)

    for name in ("page", "embed", "thanks", "embed-thanks"):
        page = visitor.get(address(form, name))
        assert "<img src=x" not in page.text
        assert str(7919 * 7907) not in page.text


def test_whoever_is_signed_in_sends_it_as_nobody(form: CaptureForm, ren: User, clock: Moments, signed_in: Any) -> None:
    done = sent(signed_in(ren), form, clock)

    assert done.status_code == 303
    assert Lead.objects.get().created_by == form.published_by
