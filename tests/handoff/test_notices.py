"""The mails of a handoff, in the language and zone of who reads them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from alignment.outbox import mails
from alignment.outbox import services as outbox
from alignment.outbox.models import Notice
from handoff.rules.next_steps import closing
from handoff.services import clocks, decisions, offers
from leads.models import Lead


def rendered(template: str) -> tuple[str, str, str]:
    words = mails.render(Notice.objects.get(template=f"handoff/email/{template}"))
    return words.subject, words.text, words.html


@pytest.fixture(params=["en", "ja"])
def language(request, ren, mai):
    for person in (ren, mai):
        person.language = request.param
        person.save()
    return request.param


def test_an_offer_says_who_until_when_and_why_you(language, offer, ren):
    subject, text, html = rendered("offered")

    deadline = {"en": "Apr 2, 2026 (Thu) 10:00", "ja": "2026/04/02(木) 10:00"}[language]
    assert subject.startswith("[Alignment]")
    assert all(part in subject for part in ("Yamada Works", "Hanako Tanaka", deadline))
    for body in (text, html):
        assert f"http://testserver/handoffs/{offer.pk}/" in body
        assert "Ren" in body  # why it came to you
        assert "100" in body  # why it qualified


def test_a_deadline_is_written_in_the_readers_zone(make_offer, ren):
    ren.time_zone = "Europe/Berlin"
    ren.save()

    make_offer()

    assert "decide by Apr 1, 2026 (Wed) 18:00" in rendered("offered")[0]  # eight hours of a day in Berlin


def test_a_decision_says_what_and_what_follows(language, offer, ren, now):
    decisions.reject(handoff_id=offer.pk, reason="no_fit", comment="A school", actor=ren, now=now)

    subject, text, html = rendered("decided")

    reason = {"en": "Does not fit our target", "ja": "ターゲット外"}[language]
    assert reason in subject
    for body in (text, html):
        assert "A school" in body
        assert "Ren" in body
        assert f"http://testserver/handoffs/{offer.pk}/" in body


def test_a_duplicate_is_told_with_what_its_closing_means(offer, ren, now):
    decisions.reject(handoff_id=offer.pk, reason="duplicate", comment="", actor=ren, now=now)

    context = Notice.objects.get(template="handoff/email/decided").context

    assert context["next_step"] == closing("duplicate") != closing("")


def test_an_acceptance_is_told_to_who_handed_it_over(offer, ren, mai, now):
    decisions.accept(handoff_id=offer.pk, actor=ren, now=now)

    assert Notice.objects.get(template="handoff/email/decided").to_address == mai.email
    assert rendered("decided")[0] == "[Alignment] Accepted: Yamada Works Hanako Tanaka"


def test_a_missed_deadline_says_which_and_whose(language, offer, ren, now):
    clocks.scan(now=now + timedelta(days=3))

    subject, text, html = rendered("breached")

    assert all(part in subject for part in ("[Alignment]", "Yamada Works", "Hanako Tanaka"))
    for body in (text, html):
        assert f"http://testserver/handoffs/{offer.pk}/" in body


def test_a_manager_reads_who_owes_it(offer, sora, now):
    clocks.scan(now=now + timedelta(days=3))

    notice = Notice.objects.get(template="handoff/email/breached", to_address=sora.email)
    assert "still waits for the answer of Ren" in mails.render(notice).text


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "{{ 7919*7907 }}", "=HYPERLINK(1)", "\u202egnirts"])
def test_what_people_write_is_text_in_a_mail(text, make_offer, ren):
    make_offer(full_name=text)

    _subject, plain, html = rendered("offered")

    assert text in plain
    assert "<img" not in html
    assert "62615533" not in html


def test_a_line_break_in_a_name_stays_out_of_the_subject(make_offer, ren):
    make_offer(full_name="Hanako\r\nBcc: everybody@example.com")

    assert "\n" not in rendered("offered")[0]


def test_nobody_is_mailed_about_what_they_did_themselves(lead, rule, aoi, ren, now):

    offer = offers.hand_over(lead_id=lead.pk, actor=aoi, now=now)
    Notice.objects.all().delete()

    decisions.withdraw(handoff_id=offer.pk, actor=aoi, now=now)

    assert Notice.objects.get().to_address == ren.email


def test_the_mail_leaves_through_the_outbox(offer, ren, now):
    outbox.sweep(now=now)

    assert mail.outbox[0].to == [ren.email]
    assert mail.outbox[0].alternatives[0][1] == "text/html"


WITHOUT_COMPANY = [
    ({"full_name": "Hanako", "company_name": ""}, "Hanako"),
    ({"full_name": "", "company_name": "Yamada Works"}, "Yamada Works"),
]


@pytest.mark.parametrize(("known", "said"), WITHOUT_COMPANY)
@pytest.mark.parametrize("action", ["accept", "reject", "withdraw", "breach"])
def test_a_lead_without_a_company_or_a_person_is_said_once(
    known, said, action, language, make_lead, rule, ren, mai, now
):
    lead = make_lead(company_name="Somebody")
    Lead.objects.filter(pk=lead.pk).update(**known)
    offer = offers.hand_over(lead_id=lead.pk, actor=mai, now=now)
    facts = {"handoff_id": offer.pk, "now": now}
    match action:
        case "accept":
            decisions.accept(actor=ren, **facts)
        case "reject":
            decisions.reject(actor=ren, reason="timing", **facts)
        case "withdraw":
            decisions.withdraw(actor=mai, **facts)
        case "breach":
            clocks.scan(now=now + timedelta(days=9))

    for template in ("offered", "breached" if action == "breach" else "decided"):
        subject, text, html = rendered(template)
        assert subject.count(said) == 1
        for body in (text, html):
            assert said in body
            assert not any(gap in body for gap in (" of .", f"{said} of {said}", "()", "<br></p>", f"{said}<br>{said}"))


def test_a_team_that_was_asked_learns_that_the_offer_is_gone(team_offer, mai, ren, riku, now):
    Notice.objects.all().delete()

    decisions.withdraw(handoff_id=team_offer.pk, actor=mai, now=now)

    assert set(Notice.objects.values_list("to_address", flat=True)) == {ren.email, riku.email}


def test_who_was_asked_learns_that_somebody_else_decided(offer, mai, ren, sora, now):
    Notice.objects.all().delete()

    decisions.accept(handoff_id=offer.pk, actor=sora, now=now)

    texts = {notice.to_address: mails.render(notice).text for notice in Notice.objects.all()}
    assert texts.keys() == {mai.email, ren.email}
    assert "because you handed the lead over" in texts[mai.email]
    assert "because you were asked to decide on it" in texts[ren.email]
