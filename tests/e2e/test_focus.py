"""What htmx replaces never takes the focus with it, and what somebody typed stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Route

from handoff.models import Handoff
from leads.models import DefinitionVersion
from leads.services import definitions
from tests import factories
from tests.e2e.visitor import Enter, Visitor, expect

pytestmark = pytest.mark.parametrize("language", ["en"], indirect=True)


def _draft(person) -> DefinitionVersion:
    now = factories.A_MOMENT
    return definitions.start_draft(definition_id=factories.definition().pk, actor=person, now=now)


def _filter_leads(visitor: Visitor) -> None:
    visitor.page.get_by_role("searchbox").or_(visitor.page.locator("#id_q")).first.press_sequentially("Tanaka", delay=5)


def _narrow_story(visitor: Visitor) -> None:
    kinds = visitor.main.get_by_role("navigation", name=visitor.say("Kind of event"))
    kinds.get_by_role("link").nth(1).press("Enter")


def _filter_handoffs(visitor: Visitor) -> None:
    visitor.main.locator("form[hx-get] button[type=submit]").press("Enter")


@pytest.mark.parametrize(
    ("page", "do"),
    [("leads:list", _filter_leads), ("leads:detail", _narrow_story), ("handoff:list", _filter_handoffs)],
)
def test_the_focus_stays_after_a_swap(enter: Enter, people, make_offers, page: str, do: Callable[[Visitor], None]):
    make_offers(2)
    ren = enter(people["ren"])
    lead = Handoff.objects.order_by("pk").first().lead
    ren.go(reverse(page, args=[lead.pk] if page == "leads:detail" else []))
    ren.page.wait_for_load_state("networkidle")

    with ren.swap():
        do(ren)


def test_the_builder_keeps_the_focus_and_what_was_typed(enter: Enter, people):
    version = _draft(people["aoi"])
    aoi = enter(people["aoi"])
    aoi.open("leads:definition-edit", version.number)
    with aoi.swap():
        aoi.button("Add a criterion").press("Enter")
    why = aoi.field("Why")
    aoi.page.route("**/edit/", _slowly)

    aoi.field("Fact").select_option(value="employees")
    why.press_sequentially("Budget")

    expect(aoi.field("Operator")).to_be_visible()
    expect(aoi.field("Why")).to_have_value("Budget")
    aoi.page.wait_for_load_state("networkidle")
    aoi.page.unroute_all(behavior="wait")


def _slowly(route: Route) -> None:
    """A slow line: the answer comes after the person has gone on typing."""
    answer = route.fetch()
    route.request.frame.page.wait_for_timeout(900)
    route.fulfill(response=answer)
