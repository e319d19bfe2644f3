"""What no form sends: endless numbers, characters that no table holds. Refused or left out, never a fault of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput
from handoff.models import Handoff
from handoff.services import agreements, decisions
from leads.models import Campaign, Deal, DefinitionVersion
from leads.services import deals, definitions
from leads.services.accounts import update_account
from leads.services.campaigns import save_campaign
from tests import factories
from tests.leads import definition_steps as steps

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
ENDLESS = "1" * 5000
UNFIT = ["a\x00b", "x" * 2001]
"""A character that PostgreSQL cannot hold, and a remark that nobody would read."""


@pytest.fixture
def draft(aoi: User, now: datetime) -> DefinitionVersion:
    return steps.draft(aoi, now)


@pytest.mark.parametrize(
    "path",
    [
        f"/leads/?owner={ENDLESS}",
        f"/leads/?page={ENDLESS}",
        f"/deals/?owner={ENDLESS}",
        f"/settings/company-days/?year={ENDLESS}",
        "/companies/?q=%00",
        "/campaigns/?q=%00",
        "/leads/?q=%00",
        "/handoffs/?q=%00",
        "/demo/mailbox/?q=%00",
    ],
)
def test_a_page_shows_its_list_whatever_is_asked(path: str, signed_in: Browser, kei: User) -> None:
    assert signed_in(kei).get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [f"leads/?owner={ENDLESS}", f"deals/?owner={ENDLESS}", f"leads/?page_size={ENDLESS}", f"deals/?lead={ENDLESS}"],
)
def test_a_program_gets_an_answer_whatever_it_asks(path: str, api: Callable[[User], APIClient], kei: User) -> None:
    assert api(kei).get(f"/api/v1/{path}").status_code in (200, 400)


@pytest.mark.parametrize("name", ["seen", "criteria-count", "c0-tests-count", "part", "action"])
def test_the_builder_stands_numbers_without_end(
    name: str, draft: DefinitionVersion, signed_in: Browser, aoi: User
) -> None:
    words = {"part": f"criterion-{ENDLESS}", "action": f"remove-{ENDLESS}"}
    sent = {"criteria-count": "1", "c0-tests-count": "1", name: words.get(name, ENDLESS)}

    answer = signed_in(aoi).post(f"/definition/{draft.number}/edit/", sent, headers={"HX-Request": "true"})

    assert answer.status_code == 200


@pytest.mark.parametrize("seen", [ENDLESS, "x", "-1"])
@pytest.mark.parametrize(("step", "sent"), [("propose", {"reason": "Why"}), ("edit", {"action": "save"})])
def test_who_does_not_say_what_they_saw_of_a_definition_reads_it_again(
    step: str, sent: dict[str, str], seen: str, draft: DefinitionVersion, signed_in: Browser, aoi: User
) -> None:
    before = draft.events.count()

    answer = signed_in(aoi).post(f"/definition/{draft.number}/{step}/", sent | {"seen": seen})

    assert (answer.status_code, draft.events.count()) == (409, before)
    assert "Read it again." in answer.text


def test_handing_over_stands_numbers_without_end(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    factories.lead()

    assert client.post("/handoffs/waiting/hand-over/", {"lead": [ENDLESS]}).status_code == 302
    assert client.post("/leads/new/", {"add_row": "1", "touches-TOTAL_FORMS": ENDLESS}).status_code == 200


@pytest.mark.parametrize("text", UNFIT)
@pytest.mark.parametrize(("step", "name"), [("propose", "reason"), ("withdraw", "comment"), ("send-back", "comment")])
def test_a_step_of_the_definition_refuses_a_remark_that_cannot_be_kept(
    step: str, name: str, text: str, draft: DefinitionVersion, signed_in: Browser, aoi: User, now: datetime
) -> None:
    if step == "send-back":
        definitions.propose(version_id=draft.pk, reason="Why", actor=aoi, now=now)
    before = draft.events.count()

    answer = signed_in(aoi).post(f"/definition/{draft.number}/{step}/", {name: text})

    assert (answer.status_code, draft.events.count()) == (422, before)
    assert "cannot be stored" in answer.text or "At most 2000 characters" in answer.text


def test_the_pages_say_how_long_a_remark_may_be(
    draft: DefinitionVersion, signed_in: Browser, aoi: User, mai: User, now: datetime
) -> None:
    client = signed_in(aoi)
    offer = factories.handoff(factories.qualified_lead(stage="offered"), submitted_by=mai)
    pages = [f"/definition/{draft.number}/", f"/definition/{draft.number}/edit/", f"/handoffs/{offer.pk}/"]

    asked = [area for page in pages for area in re.findall("<textarea[^>]*>", client.get(page).text)]

    assert asked
    assert [area for area in asked if 'maxlength="2000"' not in area] == []


@pytest.mark.parametrize("text", UNFIT)
@pytest.mark.parametrize(("action", "person"), [("accept", "ren"), ("reject", "ren"), ("withdraw", "mai")])
def test_a_decision_refuses_a_remark_that_cannot_be_kept(
    action: str, person: str, text: str, request: pytest.FixtureRequest, signed_in: Browser, ren: User, mai: User
) -> None:
    factories.rejection_reason()
    lead = factories.qualified_lead(stage="offered")
    offer = factories.handoff(lead, offered_to=ren, team=ren.team, submitted_by=mai)
    client = signed_in(request.getfixturevalue(person))

    answer = client.post(f"/handoffs/{offer.pk}/{action}/", {"comment": text, "reason": "timing"})

    assert answer.status_code in (400, 422)
    assert Handoff.objects.get().status == "offered"


@pytest.mark.parametrize("text", UNFIT)
def test_the_services_keep_the_same_bounds(text: str, ren: User, mai: User, aoi: User, sora: User, kei: User) -> None:
    now = factories.A_MOMENT
    draft = steps.draft(aoi, now)
    lead = factories.qualified_lead(stage="offered")
    offer = factories.handoff(lead, offered_to=ren, team=ren.team, submitted_by=mai)
    deal = factories.deal(owner=ren, name="Line")
    reason = factories.rejection_reason()
    facts: dict[str, Any] = {"name": "Line", "amount": None, "expected_on": None, "product": ""}
    fair: dict[str, Any] = {"name": "Fair", "channel": "", "promise": "", "starts_on": None, "ends_on": None}
    firm: dict[str, Any] = {"industry": "", "prefecture": "", "employee_count": None, "is_key_account": False}
    rule: dict[str, Any] = {"rule_id": None, "condition": {"all": []}, "team": ren.team, "position": 1}
    works = {"account_id": factories.account().pk, "actor": mai, "now": now}
    doors: list[tuple[str, Callable[[], object]]] = [
        ("comment", lambda: decisions.accept(handoff_id=offer.pk, comment=text, actor=ren, now=now)),
        (
            "comment",
            lambda: decisions.reject(handoff_id=offer.pk, reason=reason.code, comment=text, actor=ren, now=now),
        ),
        ("comment", lambda: decisions.withdraw(handoff_id=offer.pk, comment=text, actor=mai, now=now)),
        ("reason", lambda: steps.save(draft, aoi, now, reason=text)),
        ("reason", lambda: definitions.propose(version_id=draft.pk, reason=text, actor=aoi, now=now)),
        ("comment", lambda: definitions.withdraw(version_id=draft.pk, comment=text, actor=aoi, now=now)),
        ("name", lambda: agreements.save_rule(name=text, actor=kei, now=now, **rule)),
        ("label_ja", lambda: agreements.save_reason(code=reason.code, values={"label_ja": text}, actor=kei, now=now)),
        ("name", lambda: deals.update_deal(deal_id=deal.pk, actor=ren, now=now, **facts | {"name": text})),
        ("product", lambda: deals.update_deal(deal_id=deal.pk, actor=ren, now=now, **facts | {"product": text})),
        ("comment", lambda: deals.lose_deal(deal_id=deal.pk, reason="price", comment=text, actor=ren, now=now)),
        ("name", lambda: save_campaign(campaign_id=None, actor=mai, **fair | {"name": text})),
        ("promise", lambda: save_campaign(campaign_id=None, actor=mai, **fair | {"promise": text})),
        ("industry", lambda: update_account(**works, **firm | {"industry": text})),
        ("prefecture", lambda: update_account(**works, **firm | {"prefecture": text})),
    ]

    for field, enter in doors:
        with pytest.raises(InvalidInput, match=r"cannot be stored|At most") as refusal:
            enter()
        assert refusal.value.field == field

    assert not Campaign.objects.exists()
    assert Deal.objects.get().is_open


def test_a_deal_says_which_character_is_at_fault(ren: User) -> None:
    lead = factories.lead(stage="with_sales", owner=ren)
    facts: dict[str, Any] = {"amount": None, "expected_on": None, "product": "", "actor": ren}

    with pytest.raises(InvalidInput, match="cannot be stored"):
        deals.open_deal(lead_id=lead.pk, name="a\x00b", now=factories.A_MOMENT, **facts)


def test_an_address_that_only_takes_forms_says_so_to_a_person(signed_in: Browser, mai: User) -> None:
    answer = signed_in(mai).get("/imports/1/run/")

    assert (answer.status_code, answer.headers.get("Allow")) == (405, "POST")
    assert "This address only takes what a form sends." in answer.content.decode()
    assert signed_in(mai).put("/imports/1/run/").content == b""
