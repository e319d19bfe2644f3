"""Nothing moves under the thumb, nothing hides under a bar, and no name breaks a page."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Locator

from handoff.models import Handoff
from leads.models import CustomField, Deal, Lead
from tests import factories
from tests.e2e.visitor import NARROW, WIDE, Enter, Visitor, expect

pytestmark = pytest.mark.parametrize("language", ["en"], indirect=True)
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 5


@pytest.fixture
def rep(enter: Enter, people, make_offers) -> Visitor:
    """Ren, in the inbox with three offers."""
    make_offers(3)
    visitor = enter(people["ren"])
    visitor.open("handoff:inbox")
    return visitor


def box(part: Locator) -> dict[str, float]:
    found = part.bounding_box()
    assert found is not None
    return dict(found)


def distance(first: Locator, second: Locator) -> tuple[float, float]:
    one, other = box(first), box(second)
    return other["x"] - one["x"], other["y"] - one["y"]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_row_of_buttons_stays_while_the_reasons_are_open(rep: Visitor, size: dict[str, int]):
    rep.page.set_viewport_size(size)
    card = rep.offer("Taro Tanaka 1")
    accept, reject = rep.button("Accept", within=card), rep.step("Reject", within=card)
    _right, before = distance(accept, reject)

    reject.click()
    panel = card.locator(".confirm-body")
    expect(panel).to_be_visible()

    assert before == 0
    assert distance(accept, reject)[1] == 0
    if size is WIDE:
        assert box(panel)["y"] > box(reject)["y"]
    else:
        assert box(panel)["y"] >= 0
        assert box(panel)["y"] + box(panel)["height"] <= box(accept)["y"]
        assert box(accept)["y"] + box(accept)["height"] <= size["height"]
    rep.inspect()


@pytest.mark.parametrize("page", ["inbox", "handoff"])
def test_on_a_phone_the_reasons_open_in_sight_from_the_end_of_a_card_too(rep: Visitor, page: str):
    if page == "handoff":
        rep.open("handoff:detail", Handoff.objects.order_by("pk").last().pk)
    rep.page.set_viewport_size(NARROW)
    card = rep.offer("Taro Tanaka 3")
    card.evaluate("(card) => window.scrollTo(0, card.getBoundingClientRect().bottom + scrollY - 300)")

    rep.step("Reject", within=card).click()

    expect(rep.reason("timing", within=card)).to_be_in_viewport(ratio=1)
    bar = box(rep.page.locator(".topbar"))
    assert box(card.locator(".confirm-body"))["y"] >= bar["y"] + bar["height"]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_row_of_a_deal_stays_while_one_of_its_steps_is_open(enter: Enter, people, size: dict[str, int]):
    lead = factories.lead(stage="with_sales", owner=people["ren"])
    deal = factories.deal(lead=lead, owner=people["ren"])
    rep = enter(people["ren"])
    rep.open("leads:deal-detail", deal.pk)
    rep.page.set_viewport_size(size)
    steps = [rep.main.locator(".deal-steps summary").nth(number) for number in range(3)]
    before = [distance(steps[0], step) for step in steps[1:]]

    for number in (0, 1):
        steps[number].click()
        expect(rep.main.locator(".deal-steps .confirm-body").nth(number)).to_be_visible()

        assert [distance(steps[0], step) for step in steps[1:]] == before
        expect(rep.main.locator(".deal-steps details[open]")).to_have_count(1)
    rep.inspect()


def test_on_a_phone_the_next_card_stands_clear_of_the_bar(rep: Visitor):
    rep.page.set_viewport_size(NARROW)
    with rep.swap():
        rep.button("Accept", within=rep.offer("Taro Tanaka 1")).click()

    name = rep.offer("Taro Tanaka 2").get_by_role("heading", name="Taro Tanaka 2")
    bar = box(rep.page.locator(".topbar"))

    expect(rep.offer("Taro Tanaka 2")).to_be_focused()
    assert bar["y"] + bar["height"] <= box(name)["y"] < NARROW["height"]


def test_every_number_follows_a_decision(rep: Visitor):
    badge = rep.menu("Inbox").locator(".nav-count")
    expect(badge).to_contain_text("3")

    for left in (2, 1, 0):
        with rep.swap():
            rep.button("Accept", within=rep.page.get_by_role("article").first).click()
        expect(rep.page.locator("#inbox-count")).to_contain_text(str(left))
        numbers = [int(text) for text in rep.main.locator("section .inbox-number").all_inner_texts()]
        assert sum(numbers) == left
    expect(badge).to_be_hidden()


def test_who_has_accepted_reads_when_to_call(rep: Visitor):
    Lead.objects.update(phone="+81378554464")

    with rep.swap():
        rep.button("Accept", within=rep.offer("Taro Tanaka 1")).click()

    line = rep.main.locator("[data-decided]")
    expect(line).to_contain_text("First call by")
    expect(line.get_by_role("link", name="03-7855-4464")).to_have_attribute("href", "tel:+81378554464")
    rep.inspect()
    line.get_by_role("link", name=rep.say("Open the lead")).click()
    rep.sees("Sales owes the first call")
    rep.inspect()


def test_a_name_without_spaces_breaks_no_page(enter: Enter, people, make_offers, kei):
    (offer,) = make_offers(1)
    own = factories.custom_field("own", "text", label_en=LONG[:60], label_ja=LONG[:60], is_in_list=True)
    Lead.objects.update(
        full_name=LONG, company_name=LONG, full_name_kana=LONG, job_title=LONG[:90], custom={own.key: LONG}
    )
    deal = factories.deal(name=LONG, lead=offer.lead, owner=people["ren"])
    lead, manager, rep, admin = offer.lead_id, enter(people["mai"]), enter(people["ren"]), enter(kei)
    pages = [reverse(name) for name in ("leads:list", "handoff:list", "handoff:waiting", "leads:account-list", "home")]
    pages += [reverse(name, args=[lead]) for name in ("leads:detail", "leads:edit", "leads:touch-add", "handoff:panel")]
    pages += [reverse("handoff:detail", args=[offer.pk]), reverse("handoff:submitted", args=[lead])]

    for visitor, path in [
        *((manager, path) for path in pages),
        (rep, reverse("handoff:inbox")),
        (rep, deal_path(deal)),
        (admin, reverse("leads:custom-fields")),
        (admin, field_path(own)),
    ]:
        visitor.go(path)
        for size in (WIDE, NARROW):
            visitor.page.set_viewport_size(size)
            width = visitor.page.evaluate("document.documentElement.scrollWidth")
            beside = visitor.page.evaluate(
                "[...document.querySelectorAll('.table-box')].some((box) => box.scrollWidth > box.clientWidth)"
            )
            assert not beside, f"a table of {path} has to be scrolled on a screen of {size['width']} px"
            assert width <= size["width"], f"{path} is {width} px wide on a screen of {size['width']} px"
    assert Handoff.objects.count() == 1


def field_path(field: CustomField) -> str:
    return reverse("leads:custom-field-edit", args=[field.pk])


def deal_path(deal: Deal) -> str:
    return reverse("leads:deal-detail", args=[deal.pk])
