"""What no form sends: endless numbers, characters that no table holds. Refused or left out, never a fault of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from rest_framework.test import APIClient

from alignment.accounts.models import User
from leads.models import DefinitionVersion
from tests import factories
from tests.leads import definition_steps as steps

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
ENDLESS = "1" * 5000


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


def test_a_step_of_the_definition_stands_numbers_without_end(
    draft: DefinitionVersion, signed_in: Browser, aoi: User
) -> None:
    answer = signed_in(aoi).post(f"/definition/{draft.number}/propose/", {"reason": "Why", "seen": ENDLESS})

    assert answer.status_code == 302


def test_handing_over_stands_numbers_without_end(signed_in: Browser, mai: User) -> None:
    client = signed_in(mai)
    factories.lead()

    assert client.post("/handoffs/waiting/hand-over/", {"lead": [ENDLESS]}).status_code == 302
    assert client.post("/leads/new/", {"add_row": "1", "touches-TOTAL_FORMS": ENDLESS}).status_code == 200
