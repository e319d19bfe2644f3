"""What waits for somebody who will be away is said where the absence is noted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import Absence
from handoff.models import Handoff
from handoff.selectors import handoffs
from handoff.selectors.absences import waiting_while_away
from handoff.services import decisions


@pytest.fixture
def away(ren, offer):
    """Ren is away on the day on which the offer is to be decided, and the day before."""
    day = offer.decide_by.date()
    return Absence.objects.create(user=ren, starts_on=day - timedelta(days=1), ends_on=day)


@pytest.fixture
def soon(away, ren):
    """The same, tomorrow as the clock of this machine has it."""
    at = timezone.now() + timedelta(days=2)
    Handoff.objects.update(decide_by=at)
    away.starts_on, away.ends_on = at.date() - timedelta(days=1), at.date() + timedelta(days=1)
    away.save()


def test_an_offer_whose_deadline_an_absence_covers_is_counted_until_it_is_decided(away, offer, ren, rei, now):
    before = waiting_while_away(ren, now=now)
    decisions.accept(handoff_id=offer.pk, actor=ren, now=now)

    assert before == 1
    assert waiting_while_away(rei, now=now) == 0
    assert waiting_while_away(ren, now=now) == 0


def test_days_off_that_miss_the_deadline_or_are_over_count_nothing(away, offer, ren, now):
    assert waiting_while_away(ren, now=now + timedelta(days=30)) == 0
    Absence.objects.update(starts_on=away.ends_on + timedelta(days=1), ends_on=away.ends_on + timedelta(days=2))
    assert waiting_while_away(ren, now=now) == 0


def test_who_goes_away_is_told_and_led_to_the_inbox(signed_in, soon, ren):
    page = signed_in(ren).get(reverse("accounts:profile")).text

    assert "1 offer waits for you on these days. Ask your manager to decide on it, or decide before you leave." in page
    assert f'href="{reverse("handoff:inbox")}">Open the inbox' in page


@pytest.mark.parametrize(("who", "may"), [("sora", True), ("kei", False)])
def test_who_plans_for_others_is_told_and_led_only_where_they_may_go(request, signed_in, soon, ren, who, may):
    page = signed_in(request.getfixturevalue(who)).get(reverse("accounts:member-absences", args=[ren.pk])).text

    assert f"1 offer waits for {ren.full_name} on these days." in page
    assert (f'href="{reverse("handoff:inbox")}">Open the inbox' in page) is may


def test_a_card_says_that_its_reader_is_away_instead_of_no_minutes(away, offer, ren):
    early = offer.decide_by - timedelta(hours=20)

    card = handoffs.inbox(ren, early).groups[0].cards[0]

    assert (card.left.words, card.left.state) == ("away until then", "soon")


def test_a_deadline_without_an_absence_still_counts_minutes(offer, ren):
    card = handoffs.inbox(ren, offer.decide_by - timedelta(seconds=5)).groups[0].cards[0]

    assert card.left.words == "under 1 min left"
