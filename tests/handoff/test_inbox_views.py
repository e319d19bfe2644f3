"""The inbox: what waits, most urgent first, each decidable from its card."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff.models import Handoff
from handoff.selectors import handoffs
from handoff.services import decisions, offers
from leads.services import judging
from tests import factories

INBOX = reverse("handoff:inbox")
LONG_AGO = datetime(2020, 4, 1, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("person", "status"),
    [("ren", 200), ("sora", 200), ("mai", 403), ("aoi", 403), ("kei", 403)],
)
def test_only_who_decides_has_an_inbox(person, status, signed_in, request, agreements):
    assert signed_in(request.getfixturevalue(person)).get(INBOX).status_code == status


def test_who_has_no_inbox_keeps_the_navigation_and_reads_where_to_look(mai, signed_in, agreements):
    page = signed_in(mai).get(INBOX).text

    assert "The inbox belongs to sales. You can follow your leads under Handoffs." in page
    assert f'class="btn btn-primary" href="{reverse("handoff:list")}"' in page
    assert '<nav aria-label="Main navigation">' in page


def test_a_refused_page_keeps_the_navigation_of_who_is_signed_in(ren, signed_in, agreements):
    answer = signed_in(ren).get(reverse("handoff:submit"))

    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.text
    assert '<nav aria-label="Main navigation">' in answer.text


def test_card_lead_and_submission_name_what_was_found_alike(rule, mai, ren, signed_in):
    kinds = [{"touches": {"kind": kind, "at_least": 1, "within_days": 60}} for kind in ("inquiry", "seminar")]
    factories.version_in_force({"condition": {"any": kinds}, "points": 10, "why": "They asked"}, threshold=10)
    lead = factories.qualified_lead(full_name="Hanako Tanaka")
    factories.touch(lead, kind="inquiry", at=timezone.now())
    judging.judge(lead_ids=[lead.pk], now=timezone.now())
    offers.hand_over(lead_id=lead.pk, actor=mai, now=timezone.now())

    pages = [INBOX, reverse("leads:detail", args=[lead.pk]), reverse("handoff:submitted", args=[lead.pk])]

    for page in pages:
        assert "found: inquiry 1, seminar 0" in signed_in(ren if page == INBOX else mai).get(page).text, page


def test_reasons_have_letters_so_that_no_key_means_two_things(offer, ren, signed_in):
    page = signed_in(ren).get(INBOX).text

    assert re.findall(r'data-key="(\w)"', page) == ["1", "2", "a", "b", "c"]


def test_a_card_can_be_focused_by_its_name_and_its_deadline_says_what_it_is(offer, ren, signed_in):
    page = signed_in(ren).get(INBOX).text

    assert f'data-key-item tabindex="0" aria-labelledby="handoff-{offer.pk}-name"' in page
    assert re.search(r'<time class="clock-at"[^>]*>due Apr \d, 2026 \(\w+\) \d\d:\d\d</time>', page)


def test_somebody_who_has_not_signed_in_is_sent_to_sign_in(client, db):
    assert client.get(INBOX).status_code == 302


def test_an_empty_inbox_says_what_will_come(ren, signed_in, agreements):
    assert "No offer is waiting" in signed_in(ren).get(INBOX).text


def test_a_card_shows_what_is_needed_to_decide(make_offer, ren, signed_in):
    campaign = factories.campaign("Spring fair", promise="A free plant visit")
    offer = make_offer(
        full_name="Hanako Tanaka", full_name_kana="タナカ ハナコ", company_name="Yamada", campaign=campaign
    )
    factories.touch(offer.lead, kind="seminar", detail="Saving energy")

    page = signed_in(ren).get(INBOX).text

    for said in ("Hanako Tanaka", "タナカ ハナコ", "Yamada", "250 employees", "Saving energy", "A free plant visit"):
        assert said in page
    assert "employees is at least 100" in page
    assert "found: 250" in page
    assert "is the only available person of Field sales" in page


def test_offers_stand_in_groups_by_urgency(make_offer, ren, now):
    later = make_offer(at=now)
    overdue = make_offer(at=now - timedelta(days=9))
    today = make_offer(at=now - timedelta(days=1))

    found = handoffs.inbox(ren, now)

    assert [(group.key, [card.handoff for card in group.cards]) for group in found.groups] == [
        ("overdue", [overdue]),
        ("today", [today]),
        ("later", [later]),
    ]


def test_a_rep_sees_their_own_offers_and_those_of_the_team(team_offer, make_offer, ren, riku, rei, sora, now):
    ren.absences.all().delete()
    own = make_offer()

    assert own.offered_to == ren
    assert set(handoffs.waiting_for(ren)) == {own, team_offer}
    assert set(handoffs.waiting_for(riku)) == {team_offer}
    assert set(handoffs.waiting_for(rei)) == set()
    assert set(handoffs.waiting_for(sora)) == {own, team_offer}


def test_an_offer_to_all_of_sales_is_in_every_inbox_of_sales(lead, mai, ren, rei, sora, aoi, now):

    offer = offers.hand_over(lead_id=lead.pk, actor=mai, now=now)

    assert [list(handoffs.waiting_for(person)) for person in (ren, rei, sora)] == [[offer]] * 3
    assert list(handoffs.waiting_for(aoi)) == []


def test_the_inbox_and_the_table_of_transitions_agree(team_offer, ren, riku, rei, sora, mai, aoi, kei):
    for person in (ren, riku, rei, sora, mai, aoi, kei):
        in_inbox = handoffs.waiting_for(person).filter(pk=team_offer.pk).exists()

        assert in_inbox == ("accept" in handoffs.allowed_actions(team_offer, person)), person


def test_time_left_is_said_in_working_time(offer, ren, now):
    card = handoffs.inbox(ren, now + timedelta(hours=1)).groups[0].cards[0]

    assert (card.left.words, card.left.state) == ("7 h left", "ok")
    assert round(card.left.share, 3) == 0.125


def test_an_overdue_card_says_so_in_words(offer, ren, now):
    card = handoffs.inbox(ren, now + timedelta(days=1, hours=1)).groups[0].cards[0]

    assert (card.left.words, card.left.state, card.left.share) == ("1 h overdue", "overdue", 1.0)


def test_over_the_weekend_an_overdue_card_counts_no_working_time(make_offer, ren, now):
    make_offer(at=now + timedelta(days=1, hours=8))  # due Friday at the close of business

    card = handoffs.inbox(ren, now + timedelta(days=3)).groups[0].cards[0]

    assert card.left.words == "overdue"


def test_what_was_decided_today_stays_in_sight(make_offer, ren, sora):
    at = timezone.now()
    mine = decisions.accept(handoff_id=make_offer(at=at).pk, actor=ren, now=at)
    other = decisions.accept(handoff_id=make_offer(at=at).pk, actor=sora, now=at)
    long_ago = make_offer(at=LONG_AGO)
    decisions.accept(handoff_id=long_ago.pk, actor=ren, now=LONG_AGO)

    assert handoffs.decided_today(ren, at) == [mine]
    assert set(handoffs.decided_today(sora, at)) == {mine, other}


@pytest.mark.parametrize("url", [INBOX, reverse("handoff:list"), reverse("handoff:waiting")])
def test_lists_cost_the_same_with_one_row_and_with_twenty(url, make_offer, make_lead, ren, riku, sora, signed_in):
    client = signed_in(sora)
    make_offer()
    make_lead()
    client.get(url)  # warm
    with CaptureQueriesContext(connection) as one:
        client.get(url)

    for _n in range(19):
        factories.touch(make_offer().lead)
        make_lead()
    with CaptureQueriesContext(connection) as twenty:
        page = client.get(url)

    assert page.status_code == 200
    assert len(twenty) <= len(one), [query["sql"] for query in twenty]


def test_a_very_full_inbox_shows_the_most_urgent_and_says_so(make_offer, ren, signed_in, monkeypatch):
    monkeypatch.setattr(handoffs, "MOST_CARDS", 2)
    for _n in range(3):
        make_offer()

    page = signed_in(ren).get(INBOX).text

    assert page.count("<article") == 2
    assert "The 2 most urgent of 3 offers are shown." in page


def test_the_page_is_whole_in_japanese(offer, ren, signed_in):
    ren.language = "ja"
    ren.save()

    assert '<html lang="ja"' in signed_in(ren).get(INBOX).text


def test_no_card_is_left_out_of_a_group(make_offer, ren, now):
    for hours in range(0, 60, 7):
        make_offer(at=now - timedelta(hours=hours))

    assert handoffs.inbox(ren, now).shown == Handoff.objects.waiting().count()


def test_a_card_names_the_deals_that_sales_has_with_the_lead(offer, ren, sora, signed_in):
    factories.deal(lead=offer.lead, name="Scales for Nagoya")
    factories.deal(lead=offer.lead, name="Given up", lost_at=LONG_AGO)

    for person in (ren, sora):
        page = signed_in(person).get(INBOX).text
        assert "Sales has a deal with them already" in page
        assert ">Scales for Nagoya</a>" in page
        assert "Given up" not in page
