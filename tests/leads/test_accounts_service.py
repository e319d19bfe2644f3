"""What is known of a company, and its place in a tree of one level."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotFound
from leads.models import Account
from leads.selectors.accounts import accounts
from leads.services.accounts import update_account
from tests import factories
from tests.racing import at_once

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
NUMBER = "4011001098993"


def test_facts_are_kept_in_one_form_and_the_others_stay(mai: User) -> None:
    acme = factories.account("Acme", industry="Steel", employee_count=300)

    update_account(
        account_id=acme.pk,
        corporate_number="Ｔ4-0110-0109-8993",
        postal_code="〒１００－０００１",
        prefecture="東京",
        address=" 千代田区1-1 ",
        actor=mai,
        now=NOW,
    )

    acme.refresh_from_db()
    assert (acme.corporate_number, acme.postal_code) == (NUMBER, "100-0001")
    assert (acme.prefecture, acme.address) == ("東京都", "千代田区1-1")
    assert (acme.industry, acme.employee_count) == ("Steel", 300)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("corporate_number", "5011001098993"),
        ("corporate_number", "401100109899"),
        ("corporate_number", "abc"),
        ("postal_code", "100-000"),
        ("postal_code", "SW1A 1AA"),
        ("address", "x" * 301),
        ("employee_count", -1),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(fact: str, value: Any, mai: User) -> None:
    acme = factories.account("Acme")
    facts: Any = {fact: value}

    with pytest.raises(InvalidInput) as refused:
        update_account(account_id=acme.pk, actor=mai, now=NOW, **facts)

    assert refused.value.field == fact


def test_an_unknown_company_is_said_so(mai: User) -> None:
    with pytest.raises(NotFound):
        update_account(account_id=10**9, industry="Steel", actor=mai, now=NOW)


def test_a_company_belongs_to_another(mai: User) -> None:
    group, firm = factories.account("Group"), factories.account("Firm")

    update_account(account_id=firm.pk, parent_id=group.pk, actor=mai, now=NOW)

    assert list(group.subsidiaries.all()) == [firm]


def test_the_tree_has_one_level(mai: User) -> None:
    group, firm, part = (factories.account(name) for name in ("Group", "Firm", "Part"))
    update_account(account_id=firm.pk, parent_id=group.pk, actor=mai, now=NOW)

    for child, parent in ((part, firm), (group, part), (group, group), (group, firm)):
        with pytest.raises(InvalidInput) as refused:
            update_account(account_id=child.pk, parent_id=parent.pk, actor=mai, now=NOW)
        assert refused.value.field == "parent"
    with pytest.raises(InvalidInput):
        update_account(account_id=part.pk, parent_id=10**9, actor=mai, now=NOW)


def test_the_database_refuses_a_second_level_itself() -> None:
    group = factories.account("Group")
    firm = factories.account("Firm", parent=group)
    part = factories.account("Part")

    for child, parent in ((part, firm), (group, part), (part, part)):
        with pytest.raises(DatabaseError), transaction.atomic():
            Account.objects.filter(pk=child.pk).update(parent=parent)


@pytest.mark.django_db(transaction=True)
def test_two_who_build_a_chain_at_once_make_one_level_of_it(mai: User) -> None:
    for _attempt in range(5):
        top, middle, low = (factories.account() for _position in range(3))

        pairs = ((middle, top), (low, middle))
        at_once(
            *(
                partial(update_account, account_id=child.pk, parent_id=parent.pk, actor=mai, now=NOW)
                for child, parent in pairs
            )
        )

        assert not Account.objects.filter(parent__parent__isnull=False).exists()


@pytest.mark.parametrize("words", [NUMBER, "401100", "T4011001098993", "4-0110-0109"])
def test_a_company_is_found_by_its_number(words: str) -> None:
    acme = factories.account("Acme", corporate_number=NUMBER)
    factories.account("Other")

    assert list(accounts(words=words)) == [acme]
