"""A token does what it was made for, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from rest_framework.test import APIClient

from alignment.accounts.models import ApiToken, User
from alignment.accounts.scopes import Scope
from alignment.accounts.services.tokens import create_token
from alignment.kernel.errors import InvalidInput
from tests.access import API_ROWS
from tests.everything import ADMIN, MARKETER, REP, SALES_MANAGER, World
from tests.programs.conftest import Program
from tests.test_access_matrix import _answer

NEEDED = {
    "handoff-api:leads": Scope.WRITE_LEADS,
    "handoff-api:leads-batch": Scope.WRITE_LEADS,
    "leads-api:lead": Scope.WRITE_LEADS,
    "leads-api:touches-batch": Scope.WRITE_LEADS,
    "handoff-api:accept": Scope.WRITE_HANDOFFS,
    "handoff-api:reject": Scope.WRITE_HANDOFFS,
    "handoff-api:withdraw": Scope.WRITE_HANDOFFS,
    "leads-api:lead-deals": Scope.WRITE_DEALS,
    "leads-api:deal": Scope.WRITE_DEALS,
    "leads-api:deal-win": Scope.WRITE_DEALS,
    "leads-api:deal-lose": Scope.WRITE_DEALS,
}
"""The scope of each change; all else is reading."""
ABOUT_THE_API = {"schema", "api-docs"}


@pytest.mark.parametrize("scope", Scope)
def test_a_token_opens_what_its_scope_names(scope: Scope, everything: World, program: Program):
    faults = []
    for row in (row for row in API_ROWS if row.name not in ABOUT_THE_API):
        person = next(name for name in (ADMIN, SALES_MANAGER, MARKETER, REP) if name in row.allowed)
        needed = Scope.READ if row.method == "get" else NEEDED[row.name]
        found = _answer(program(everything.people[person], scope), row, everything)
        if (found == 403) == (needed == scope):
            faults.append(f"{row.id}: {found}")

    assert faults == []


def test_a_refusal_names_the_scope_that_is_missing(mai: User, program: Program):
    answer = program(mai, Scope.READ).post("/api/v1/leads/", {"full_name": "A"}, format="json")

    assert answer.status_code == 403
    assert answer.json()["errors"] == [
        {
            "code": "missing_scope",
            "detail": "This token was not made for this. It needs the scope leads:write.",
            "attr": None,
        }
    ]


def test_a_scope_gives_no_right_that_the_person_has_not(ren: User, program: Program):
    answer = program(ren, Scope.WRITE_LEADS).post("/api/v1/leads/", {"full_name": "A"}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "not_allowed")


def test_a_token_for_nothing_or_for_something_unknown_is_not_made(mai: User, now):
    for scopes in ((), ("everything",)):
        with pytest.raises(InvalidInput):
            create_token(person=mai, name="x", valid_for=timedelta(days=1), now=now, scopes=scopes)


def test_the_page_makes_a_token_for_what_was_chosen(mai: User, signed_in):
    browser = signed_in(mai)
    given = {"name": "Export", "days": "30", "scopes": [Scope.READ.value, Scope.WRITE_DEALS.value]}

    asks = browser.post(reverse("accounts:token-create"), given)
    page = browser.post(asks["Location"], {"password": "correct-horse-battery"})

    assert ApiToken.objects.get().scopes == ["read", "deals:write"]
    assert "Open, change, win and lose deals" in page.text


def test_the_page_refuses_a_token_for_nothing(mai: User, signed_in):
    browser = signed_in(mai)

    asks = browser.post(reverse("accounts:token-create"), {"name": "Export", "days": "30"})
    page = browser.post(asks["Location"], {"password": "correct-horse-battery"})

    assert page.status_code == 422
    assert "Choose what the token may be used for." in page.text
    assert not ApiToken.objects.exists()


def test_the_command_makes_a_token_for_all_or_for_what_is_named(mai: User):
    call_command("create_token", mai.email, stdout=StringIO())
    call_command("create_token", mai.email, "--scope", "read", "--scope", "leads:write", stdout=StringIO())

    made = ApiToken.objects.order_by("created").values_list("scopes", flat=True)
    assert list(made) == [Scope.values, ["read", "leads:write"]]
    with pytest.raises(CommandError):
        call_command("create_token", mai.email, "--scope", "everything", stdout=StringIO())


def test_a_session_needs_no_scope(mai: User):
    client = APIClient()
    client.force_login(mai)

    assert client.post("/api/v1/leads/", {"full_name": "A"}, format="json").status_code == 201
