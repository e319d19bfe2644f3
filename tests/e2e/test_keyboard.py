"""The inbox by keyboard: shortcuts live in the list only, respect Japanese input, and never lose the focus."""

from __future__ import annotations

import time

import pytest

from handoff.models import Handoff
from handoff.rules.workflow import Status
from tests.e2e.visitor import Visitor, expect

in_english = pytest.mark.parametrize("language", ["en"], indirect=True)
in_japanese = pytest.mark.parametrize("language", ["ja"], indirect=True)
SEND_KEY = """
([selector, key, how]) => document.querySelector(selector).dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...how }))
"""
COMPOSING = [{"isComposing": True}, {"keyCode": 229}]


@pytest.fixture
def rep(enter, people, make_offers) -> Visitor:
    """Ren, in the inbox with three offers."""
    make_offers(3)
    visitor = enter(people["ren"])
    visitor.open("handoff:inbox")
    return visitor


def focused_card(visitor: Visitor) -> str:
    return str(visitor.page.evaluate("document.activeElement.closest('article')?.id ?? ''"))


def card_ids(visitor: Visitor) -> list[str]:
    return [str(card.get_attribute("id")) for card in visitor.page.get_by_role("article").all()]


def undecided() -> int:
    return Handoff.objects.filter(status=Status.OFFERED).count()


@in_english
def test_tab_leads_into_the_list_and_j_and_k_move_in_it(rep):
    first, second, third = card_ids(rep)
    while focused_card(rep) != first:
        rep.press("Tab")

    seen = []
    for key in ("j", "j", "j", "k", "k", "k"):
        rep.press(key)
        seen.append(focused_card(rep))

    assert seen == [second, third, third, second, first, first]


@in_english
def test_the_printed_keys_work_on_arrival(rep):
    assert focused_card(rep) == card_ids(rep)[0]

    with rep.swap():
        rep.press("1")

    assert undecided() == 2


@in_english
def test_whoever_comes_for_one_card_is_not_sent_to_the_first(rep):
    third = card_ids(rep)[2]

    rep.page.goto("about:blank")
    rep.go(f"/inbox/#{third}")

    assert focused_card(rep) in ("", third)


@in_english
def test_while_the_reasons_are_open_the_numbers_rest_and_letters_choose(rep):
    card = rep.offer("Taro Tanaka 1")
    expect(card.locator("kbd", has_text="1")).to_be_visible()
    rep.press("2")

    rep.press("1", "2")

    assert undecided() == 3
    expect(card.get_by_text(rep.say("Why is it given back?"))).to_be_visible()
    for number in ("1", "2"):
        expect(card.locator("kbd").get_by_text(number, exact=True)).to_be_hidden()
    assert card.locator(".reason kbd").all_inner_texts()[:3] == ["a", "b", "c"]
    with rep.swap():
        rep.press("b")
    assert Handoff.objects.get(status=Status.REJECTED).reason.code == "timing"


@in_english
def test_o_opens_the_lead_of_the_card(rep):
    rep.offer("Taro Tanaka 2").focus()

    rep.press("o")

    rep.page.wait_for_url("**/leads/*/")
    expect(rep.main.get_by_role("heading", level=1)).to_contain_text("Taro Tanaka 2")


@in_english
def test_outside_the_list_a_key_is_only_a_letter(rep):
    address = rep.page.url

    for element in (rep.link("All handoffs"), rep.page.locator("body")):
        element.focus()
        rep.press("1", "2", "j", "k", "o", "?")

    assert focused_card(rep) == ""
    assert rep.page.url == address
    assert rep.page.locator("details[data-confirm][open], dialog[open]").count() == 0
    assert undecided() == 3


@in_english
def test_whoever_switched_shortcuts_off_has_none(enter, people, make_offers):
    make_offers(1)
    people["ren"].shortcuts_enabled = False
    people["ren"].save()
    rep = enter(people["ren"])
    rep.open("handoff:inbox")
    card = rep.offer("Taro Tanaka 1")
    card.focus()

    rep.press("1", "2", "?")

    assert undecided() == 1
    assert rep.page.locator("details[data-confirm][open], dialog[open]").count() == 0
    expect(rep.page.locator("kbd:visible")).to_have_count(0)
    rep.open("handoff:inbox")
    assert focused_card(rep) == ""


@in_japanese
@pytest.mark.parametrize("how", COMPOSING, ids=["composing", "keyCode 229"])
def test_keys_that_confirm_japanese_input_decide_nothing(rep, how):
    card = rep.offer("Taro Tanaka 1")
    card.focus()
    selector = f"#{card.get_attribute('id')}"

    for key in ("1", "2", "Enter", "Process"):
        rep.page.evaluate(SEND_KEY, [selector, key, how])

    assert rep.page.locator("details[data-confirm][open]").count() == 0
    assert undecided() == 3
    rep.page.evaluate(SEND_KEY, [selector, "2", {}])  # the same key without composition works
    assert rep.page.locator("details[data-confirm][open]").count() == 1


@in_english
def test_letters_typed_into_a_comment_stay_letters(rep):
    card = rep.offer("Taro Tanaka 1")
    card.focus()
    rep.press("2")
    with rep.swap():
        rep.link("Add a comment, or choose what happens next and when", within=card).press("Enter")
    comment = rep.field("What should marketing know?", within=card)
    comment.focus()

    rep.page.keyboard.type("1 or 2, j and k?")

    expect(comment).to_have_value("1 or 2, j and k?")
    assert undecided() == 3


def test_the_list_of_keys_opens_and_closes(rep):
    rep.offer("Taro Tanaka 1").focus()

    rep.press("?")
    keys = rep.page.get_by_role("dialog", name=rep.say("Keyboard shortcuts"))

    expect(keys).to_be_visible()
    expect(keys).to_contain_text(rep.say("Accept"))
    rep.inspect()
    rep.press("Escape")
    expect(keys).to_be_hidden()
    assert rep.has_focus_somewhere()


@in_english
def test_escape_closes_the_reasons_and_gives_the_focus_back(rep):
    card = rep.offer("Taro Tanaka 1")
    card.focus()
    rep.press("2")
    expect(card.get_by_text(rep.say("Why is it given back?"))).to_be_visible()

    rep.press("Escape")

    expect(card.get_by_text(rep.say("Why is it given back?"))).to_be_hidden()
    expect(rep.step("Reject", within=card)).to_be_focused()


@in_english
def test_keys_pressed_fast_still_go_to_the_step_that_opened(rep):
    rep.offer("Taro Tanaka 1").focus()

    with rep.swap():
        rep.page.evaluate(
            """() => ["2", "a"].forEach((key) => document.activeElement.dispatchEvent(
                 new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""
        )

    assert Handoff.objects.exclude(status=Status.OFFERED).get().status == Status.REJECTED


@in_english
def test_ten_offers_are_decided_with_two_keys_each_within_a_minute(enter, people, make_offers):
    make_offers(10)
    rep = enter(people["ren"])
    rep.open("handoff:inbox")
    rep.page.get_by_role("article").first.focus()
    begin = time.monotonic()

    for turn in range(10):
        with rep.swap():
            rep.press(*("1" if turn % 2 else "2a"))
        assert undecided() == 9 - turn
        assert focused_card(rep) or turn == 9

    assert time.monotonic() - begin < 60
    assert Handoff.objects.filter(status=Status.ACCEPTED).count() == 5
    assert Handoff.objects.filter(status=Status.REJECTED, reason__code="no_need").count() == 5
