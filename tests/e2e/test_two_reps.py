"""Two reps look at the same offer that nobody owns: the second one learns who was faster, and goes on."""

from __future__ import annotations

import pytest
from django.utils import timezone, translation

from alignment.kernel import formats
from handoff.models import Handoff
from tests.e2e.visitor import Enter, Visitor, expect


def _faster(visitor: Visitor, handoff: Handoff) -> str:
    handoff.refresh_from_db()
    with translation.override(visitor.language), timezone.override("Asia/Tokyo"):
        at = formats.time(handoff.decided_at)
    return visitor.say("%(person)s accepted this at %(time)s.", person=handoff.decided_by.full_name, time=at)


def test_the_second_of_two_learns_who_was_faster(enter: Enter, people, make_offers):
    first_offer, second_offer = make_offers(2, unowned=True)
    name, other = first_offer.lead.full_name, second_offer.lead.full_name
    ren, riku = enter(people["ren"]), enter(people["riku"])
    for rep in (ren, riku):
        rep.open("handoff:inbox")

    with ren.swap():
        ren.button("Accept", within=ren.offer(name)).click()
    riku.offer(name).focus()
    with riku.swap():
        riku.press("1")

    ren.sees_accepted(name)
    told = riku.main.get_by_role("alert")
    expect(told).to_have_text(f"{name}: {_faster(riku, first_offer)}")
    expect(riku.offer(name)).to_have_count(0)
    expect(riku.offer(other)).to_be_focused()
    expect(riku.heading(riku.say("Inbox"))).to_contain_text("1")
    riku.inspect()


@pytest.mark.parametrize("answer", ["Accept", "Reject"])
def test_without_scripts_a_page_says_it(enter: Enter, people, make_offers, answer: str):
    (offer,) = make_offers(1, unowned=True)
    name = offer.lead.full_name
    ren, riku = (enter(people[who], scripts=False) for who in ("ren", "riku"))
    for rep in (ren, riku):
        rep.open("handoff:inbox")

    ren.button("Accept", within=ren.offer(name)).click()
    if answer == "Accept":
        riku.button("Accept", within=riku.offer(name)).click()
    else:
        riku.step("Reject", within=riku.offer(name)).click()
        riku.reason("timing", within=riku.offer(name)).click()

    expect(riku.main).to_contain_text(_faster(riku, offer))
    offer.refresh_from_db()
    assert offer.decided_by == people["ren"]
