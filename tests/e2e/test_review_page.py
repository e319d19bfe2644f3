"""The page of a review: folded on a phone, whole on a wide screen, a document on paper."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from reviews.models import Review, ReviewSeries
from reviews.services.reviews import build_review
from tests import factories
from tests.e2e.visitor import NARROW, WIDE, Enter, Visitor, expect

PHONE_LENGTH = 5200  # px; it was 9,400 with everything open


@pytest.fixture
def review(people) -> Review:
    """March, after half a year of leads and a version that took effect in February."""
    now = timezone.now()
    factories.version_in_force(threshold=30, since=now - timedelta(weeks=6))
    for week in range(1, 25):
        for _number in range(2 + week % 3):
            factories.qualified_lead(captured_at=now - timedelta(weeks=week))
    return build_review(series=ReviewSeries.objects.get(), month=date(2026, 3, 1), now=now)


@pytest.fixture
def manager(enter: Enter, people, review: Review) -> Visitor:
    visitor = enter(people["aoi"])
    visitor.open("reviews:detail", review.pk)
    return visitor


def test_long_parts_are_folded_on_a_phone_and_open_on_a_wide_screen(manager: Visitor):
    chart = manager.page.locator("#chart-mql")
    expect(chart.locator("svg")).to_be_visible()

    manager.page.set_viewport_size(NARROW)
    expect(chart).to_be_hidden()
    assert manager.page.evaluate("document.documentElement.scrollHeight") < PHONE_LENGTH
    manager.page.reload()
    expect(chart).to_be_hidden()
    fold = manager.page.locator("details.fold", has=chart)
    fold.locator("> summary").click()
    expect(chart.locator("svg")).to_be_visible()
    drawn = chart.locator("svg").bounding_box()
    assert drawn is not None
    assert drawn["width"] > 200

    manager.page.set_viewport_size(WIDE)
    expect(manager.page.locator("#month-figures table")).to_be_visible()
    manager.inspect()


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_what_somebody_chose_something_in_stays_open_on_a_phone(manager: Visitor):
    manager.page.set_viewport_size(NARROW)
    figures = manager.page.locator("#month-figures")
    figures.locator("details.fold > summary").click()

    figures.get_by_role("link", name=manager.say("by cohort")).click()
    manager.page.wait_for_url("**basis=cohort**")

    expect(figures.locator("table")).to_be_visible()
    expect(manager.page.locator("#chart-mql")).to_be_hidden()


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_the_cards_of_the_three_columns_stand_in_line(manager: Visitor):
    tops = manager.page.locator(".review-figure").evaluate_all(
        "(cards) => cards.map((card) => Math.round(card.getBoundingClientRect().top))"
    )

    assert tops[0:3] == tops[3:6] == tops[6:9]


@pytest.mark.parametrize("language", ["en"], indirect=True)
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_paper_has_the_figures_and_no_forms(manager: Visitor, size: dict[str, int]):
    manager.page.set_viewport_size(size)
    manager.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    manager.page.emulate_media(media="print")

    for part in manager.main.locator("form, button, textarea, .segmented, .jump").all():
        expect(part).to_be_hidden()
    expect(manager.page.locator("#month-figures table")).to_be_visible()
    expect(manager.page.locator("#minutes .minutes-text")).to_be_visible()


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_without_scripts_everything_is_open(enter: Enter, people, review: Review):
    plain = enter(people["aoi"], scripts=False)
    plain.page.set_viewport_size(NARROW)
    plain.open("reviews:detail", review.pk)

    expect(plain.page.locator("#month-figures table")).to_be_visible()
