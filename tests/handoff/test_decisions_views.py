"""Accept, reject and withdraw from the page, with htmx and with a plain form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from alignment.kernel import formats
from handoff.models import Clock, Handoff, SlaPolicy
from handoff.rules.clocks import Duty
from handoff.services import decisions
from tests.conftest import TOKYO

HTMX = {"HTTP_HX_REQUEST": "true"}


def url(name: str, offer: Handoff) -> str:
    return reverse(f"handoff:{name}", args=[offer.pk])


def test_accepting_by_htmx_answers_with_the_line_the_count_and_a_word(offer, make_offer, ren, signed_in):
    make_offer()

    answer = signed_in(ren).post(url("accept", offer), **HTMX)

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert f'id="handoff-{offer.pk}"' in answer.text
    assert 'id="inbox-count" hx-swap-oob="true">1<' in answer.text
    assert 'id="nav-count-inbox" hx-swap-oob="true">1<' in answer.text
    assert '<div id="live" hx-swap-oob' in answer.text
    assert "You accepted Hanako Tanaka." in answer.text


def test_every_number_of_the_page_changes_with_the_decision(make_offer, ren, signed_in):
    at = timezone.now()
    overdue, _late, later = (make_offer(at=at - timedelta(days=days)) for days in (30, 20, 0))
    Handoff.objects.filter(pk=later.pk).update(decide_by=at + timedelta(days=30))
    client = signed_in(ren)

    page = client.get(reverse("handoff:inbox")).text
    answer = client.post(url("accept", overdue), **HTMX).text

    for key, before, after in (("overdue", 2, 1), ("today", 0, 0), ("later", 1, 1)):
        assert f'id="count-{key}">{before}<' in page
        assert f'id="count-{key}" hx-swap-oob="true">{after}<' in answer
    assert 'id="nav-count-inbox">3<' in page
    assert 'id="nav-count-inbox" hx-swap-oob="true">2<' in answer


def test_the_last_decision_leaves_no_number_in_the_navigation(offer, ren, signed_in):
    answer = signed_in(ren).post(url("accept", offer), **HTMX).text

    assert 'id="nav-count-inbox" hx-swap-oob="true" hidden>0<' in answer


def test_who_accepts_reads_by_when_to_call_and_which_number(make_offer, ren, signed_in):
    at = timezone.now()
    offer = make_offer(full_name="Hanako Tanaka", phone="+81378554464", at=at)

    answer = signed_in(ren).post(url("accept", offer), **HTMX).text

    due = formats.datetime(Clock.objects.get(duty=Duty.FIRST_ATTEMPT).due_at, zone=TOKYO, language="en")
    assert f"You accepted Hanako Tanaka. First call by {due}" in answer
    assert 'href="tel:+81378554464"' in answer
    assert "03-7855-4464" in answer


def test_without_scripts_the_message_says_the_call_too(make_offer, ren, signed_in):
    offer = make_offer(full_name="Hanako Tanaka", phone="+81378554464", at=timezone.now())

    page = signed_in(ren).post(url("accept", offer), follow=True).text

    assert "You accepted Hanako Tanaka. First call by" in page
    assert '<a href="tel:+81378554464">03-7855-4464</a>' in page


def test_where_no_time_was_agreed_for_the_call_none_is_said(offer, ren, signed_in):
    SlaPolicy.objects.filter(duty=Duty.FIRST_ATTEMPT).delete()

    answer = signed_in(ren).post(url("accept", offer), **HTMX).text

    assert "You accepted Hanako Tanaka." in answer
    assert "First call" not in answer


def test_accepting_without_scripts_leads_back_to_the_inbox(offer, ren, signed_in):
    answer = signed_in(ren).post(url("accept", offer))

    assert (answer.status_code, answer["Location"]) == (302, reverse("handoff:inbox"))
    assert Handoff.objects.get().status == "accepted"


@pytest.mark.parametrize(
    ("after", "expected"),
    [("/handoffs/1/", "/handoffs/1/"), ("https://evil.example/", "/inbox/"), ("//evil.example/", "/inbox/")],
)
def test_a_plain_form_leads_to_our_own_pages_only(after, expected, offer, ren, signed_in):
    assert signed_in(ren).post(url("accept", offer), {"next": after})["Location"] == expected


def test_who_comes_too_late_reads_who_was_faster_in_the_cards_place(team_offer, ren, riku, signed_in, now):
    decisions.accept(handoff_id=team_offer.pk, actor=ren, now=now + timedelta(minutes=2))

    answer = signed_in(riku).post(url("accept", team_offer), **HTMX)

    assert answer.status_code == 409
    assert f'id="handoff-{team_offer.pk}"' in answer.text
    assert "Ren accepted this at" in answer.text


def test_without_scripts_who_comes_too_late_gets_a_page(team_offer, ren, riku, signed_in, now):
    decisions.accept(handoff_id=team_offer.pk, actor=ren, now=now)

    answer = signed_in(riku).post(url("accept", team_offer))

    assert answer.status_code == 409
    assert "Ren accepted this at" in answer.text


@pytest.mark.parametrize(("person", "status"), [("riku", 403), ("rei", 403), ("mai", 403), ("aoi", 403), ("kei", 403)])
@pytest.mark.parametrize("name", ["accept", "reject"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_who_may_not_decide_is_refused_on_the_page(name, person, status, headers, offer, riku, request, signed_in):
    client = signed_in(request.getfixturevalue(person))

    answer = client.post(url(name, offer), {"reason": "timing"}, **headers)

    assert answer.status_code == status
    assert Handoff.objects.get().status == "offered"


@pytest.mark.parametrize(("name", "method"), [("accept", "get"), ("withdraw", "get"), ("reject", "delete")])
def test_nothing_is_decided_by_another_method(name, method, offer, ren, signed_in):
    assert getattr(signed_in(ren), method)(url(name, offer)).status_code == 405


def test_rejecting_takes_one_button_per_reason(offer, ren, signed_in):
    page = signed_in(ren).get(reverse("handoff:inbox")).text

    assert 'name="reason" value="timing"' in page
    assert "back to marketing on" in page
    assert f'href="{url("reject", offer)}?reason=no_fit"' in page  # this one needs a comment first

    signed_in(ren).post(url("reject", offer), {"reason": "timing"})

    assert Handoff.objects.get().status == "rejected"


def test_rejecting_by_htmx_answers_with_the_line(offer, ren, signed_in):
    answer = signed_in(ren).post(url("reject", offer), {"reason": "timing"}, **HTMX)

    assert (answer.status_code, "<html" in answer.text) == (200, False)
    assert "You gave Hanako Tanaka back to marketing." in answer.text


def test_the_whole_form_opens_in_place_with_the_reason_chosen(offer, ren, signed_in):
    answer = signed_in(ren).get(url("reject", offer) + "?reason=no_fit", **HTMX)

    assert "<html" not in answer.text
    assert answer.text.lstrip().startswith(f'<div id="reject-{offer.pk}">')
    assert 'value="no_fit"' in answer.text
    assert "data-focus" in answer.text


def test_without_scripts_the_form_is_a_page(offer, ren, signed_in):
    answer = signed_in(ren).get(url("reject", offer) + "?reason=no_fit")

    assert (answer.status_code, "<html" in answer.text) == (200, True)


def test_a_reason_without_its_comment_comes_back_with_the_form(offer, ren, signed_in):
    answer = signed_in(ren).post(url("reject", offer), {"reason": "no_fit"}, **HTMX)

    assert answer.status_code == 422
    assert answer["HX-Retarget"] == f"#reject-{offer.pk}"
    assert "needs a comment" in answer.text
    assert Handoff.objects.get().status == "offered"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Choose why the lead is given back."),
        ({"reason": "timing", "recycle_on": "soon"}, "Write the day as year-month-day"),
        ({"reason": "timing", "recycle_on": "2001-01-01"}, "The lead can come back tomorrow at the earliest."),
        ({"reason": "nonsense"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_the_field(given, said, offer, ren, signed_in):
    answer = signed_in(ren).post(url("reject", offer), given)

    assert answer.status_code == 422
    assert said in answer.text.replace("&#x27;", "'")


def test_closing_with_a_date_left_in_the_form_closes(offer, ren, signed_in):
    given = {"reason": "timing", "next_step": "close", "recycle_on": "2030-01-01"}

    signed_in(ren).post(url("reject", offer), given)

    assert Handoff.objects.get().next_step == "close"


def test_withdrawing_leads_to_the_handoff(offer, mai, signed_in):
    answer = signed_in(mai).post(url("withdraw", offer), {"comment": "Wrong company"})

    assert (answer.status_code, answer["Location"]) == (302, url("detail", offer))
    assert Handoff.objects.get().status == "withdrawn"


def test_an_offer_that_is_not_there_is_not_found(ren, signed_in, agreements):
    for name in ("accept", "withdraw"):
        assert signed_in(ren).post(reverse(f"handoff:{name}", args=[0])).status_code == 404
    assert signed_in(ren).get(reverse("handoff:detail", args=[0])).status_code == 404
