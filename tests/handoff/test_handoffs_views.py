"""The list, one handoff, and the part on the page of a lead."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from handoff.services import activities, clocks, decisions
from leads.models import Lead

LIST = reverse("handoff:list")
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.mark.parametrize("person", ["mai", "ren", "rei", "aoi", "sora", "kei"])
def test_everybody_sees_every_handoff(person, offer, request, signed_in):
    client = signed_in(request.getfixturevalue(person))

    assert "Hanako Tanaka" in client.get(LIST).text
    assert client.get(reverse("handoff:detail", args=[offer.pk])).status_code == 200
    assert client.get(reverse("handoff:panel", args=[offer.lead_id])).status_code == 200


def test_the_list_is_narrowed(offer, make_offer, ren, mai, field_sales, inside_sales, signed_in, now):
    decisions.accept(handoff_id=make_offer(full_name="Jiro Suzuki").pk, actor=ren, now=now)
    client = signed_in(mai)

    def names(query: str) -> tuple[bool, bool]:
        page = client.get(LIST + query).text
        return "Hanako Tanaka" in page, "Jiro Suzuki" in page

    assert names("") == (True, True)
    assert names("?status=offered") == (True, False)
    assert names("?status=accepted") == (False, True)
    assert names("?q=hanako+yamada") == (True, False)
    assert names(f"?team={field_sales.pk}") == (True, True)
    assert names(f"?team={inside_sales.pk}") == (False, False)
    assert names(f"?offered_to={ren.pk}") == (True, True)


def test_a_list_narrowed_to_nothing_offers_to_clear(offer, mai, signed_in):
    assert "No handoff fits" in signed_in(mai).get(LIST + "?q=nobody").text


def test_an_empty_list_says_how_it_fills(mai, signed_in, agreements):
    assert "Nothing has been handed over yet" in signed_in(mai).get(LIST).text


def test_nonsense_in_the_address_is_no_fault_of_the_server(offer, mai, signed_in):
    for query in ("?status=x&team=x&offered_to=x&page=x", "?q=%00", "?page=99999"):
        assert signed_in(mai).get(LIST + query).status_code == 200


def test_htmx_gets_the_table_only(offer, mai, signed_in):
    answer = signed_in(mai).get(LIST, **HTMX)

    assert "<html" not in answer.text
    assert answer.text.lstrip().startswith('<div id="handoffs">')


def test_the_page_of_a_handoff_shows_it_as_it_was(offer, ren, mai, signed_in, now):
    clocks.scan(now=now + timedelta(days=3))
    decisions.reject(handoff_id=offer.pk, reason="no_fit", comment="A school", actor=ren, now=now + timedelta(days=4))
    Lead.objects.filter(pk=offer.lead_id).update(company_name="Renamed Inc")

    page = signed_in(mai).get(reverse("handoff:detail", args=[offer.pk])).text

    for said in (
        "Mai handed the lead over; Ren was asked",
        "Deadline passed: decide on an offer – Ren",
        "Ren rejected the lead",
        "Does not fit our target",
        "A school",
        "closed: marketing stops writing to them",
        "Yamada Works",
        "Definition version 1: 10 points, 10 needed",
    ):
        assert said in page, said


def test_the_number_reads_the_same_on_the_handoff_and_on_the_lead(make_offer, mai, ren, signed_in, now):
    offer = make_offer(full_name="Hanako Tanaka", phone="+81378554464")
    decisions.accept(handoff_id=offer.pk, actor=ren, now=now)

    for address in (reverse("handoff:detail", args=[offer.pk]), reverse("leads:detail", args=[offer.lead_id])):
        page = signed_in(ren).get(address).text
        assert "03-7855-4464" in page
        assert "+81378554464" not in page.replace("tel:+81378554464", "")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("no_fit", "closed: marketing stops writing to them"),
        ("duplicate", "closed here: the colleague who is in contact goes on"),
    ],
)
def test_closing_says_what_it_means_for_the_person(reason, said, offer, ren, signed_in, now):
    choices = signed_in(ren).get(reverse("handoff:detail", args=[offer.pk])).text
    decisions.reject(handoff_id=offer.pk, reason=reason, comment="A school", actor=ren, now=now)

    assert said in choices
    assert said in signed_in(ren).get(reverse("handoff:detail", args=[offer.pk])).text


def test_the_lead_and_the_list_say_by_when_sales_calls_first(make_offer, ren, mai, signed_in):
    at = timezone.now()
    offer = make_offer(full_name="Hanako Tanaka", at=at)
    lead, leads = reverse("leads:detail", args=[offer.lead_id]), reverse("leads:list")
    client = signed_in(mai)
    assert "first call:" not in client.get(leads).text

    decisions.accept(handoff_id=offer.pk, actor=ren, now=at)

    assert re.search(r"first call: [^<]+ left", client.get(leads).text)
    page = client.get(lead).text
    assert "Sales owes the first call" in page
    assert re.search(r'<div class="path-due">.*?clock-words.*?>due ', page, re.DOTALL)


def test_once_sales_has_called_no_first_call_is_owed(offer, ren, signed_in, now):
    decisions.accept(handoff_id=offer.pk, actor=ren, now=now)
    activities.record(lead_id=offer.lead_id, kind="call", outcome="no_answer", actor=ren, now=now + timedelta(hours=1))

    assert "Sales owes the first call" not in signed_in(ren).get(reverse("leads:detail", args=[offer.lead_id])).text


def test_only_who_may_sees_the_buttons(offer, ren, rei, mai, signed_in):
    address = reverse("handoff:detail", args=[offer.pk])

    assert reverse("handoff:accept", args=[offer.pk]) in signed_in(ren).get(address).text
    assert reverse("handoff:withdraw", args=[offer.pk]) in signed_in(mai).get(address).text
    outsider = signed_in(rei).get(address).text
    assert reverse("handoff:accept", args=[offer.pk]) not in outsider
    assert reverse("handoff:withdraw", args=[offer.pk]) not in outsider


def test_the_panel_says_whose_turn_it_is(offer, lead, mai, ren, signed_in):
    waiting = signed_in(ren).get(reverse("handoff:panel", args=[offer.lead_id]), **HTMX).text
    ready = signed_in(mai).get(reverse("handoff:panel", args=[lead.pk]), **HTMX).text

    assert "sales" in waiting
    assert "<html" not in waiting
    assert reverse("handoff:hand-over", args=[lead.pk]) in ready


def test_the_panel_of_a_lead_that_is_not_there_is_not_found(mai, signed_in, agreements):
    assert signed_in(mai).get(reverse("handoff:panel", args=[0])).status_code == 404
