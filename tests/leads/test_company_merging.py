"""Two accounts that are one company become one, and two again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed, NotFound
from leads.models import Account, AccountMerge, Deal, Lead, SuspectedDuplicate
from leads.rules.stages import Stage
from leads.selectors.accounts import account_called, accounts
from leads.selectors.matching import Person, matches
from leads.services import company_merging
from leads.services.accounts import update_account
from leads.services.capture import LeadData, capture_lead
from leads.services.companies import Companies
from leads.services.deals import open_deal
from leads.services.importing import parties
from leads.services.leads import update_lead
from leads.services.merging import MergeIsOver, NotMergeable
from tests import factories
from tests.racing import at_once, while_uncommitted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def merge(one: Account, other: Account, actor: User, **facts: int) -> AccountMerge:
    return company_merging.merge(account_ids=[one.pk, other.pk], facts=facts, actor=actor, now=NOW)


def unmerge(done: AccountMerge, actor: User) -> AccountMerge:
    return company_merging.unmerge(merge_id=done.pk, actor=actor, now=LATER)


def everything() -> list[dict[str, Any]]:
    """All columns of all companies, leads and deals, but for the moment of the last change."""
    rows = (Account.everything.order_by("pk"), Lead.everything.order_by("pk"), Deal.objects.order_by("pk"))
    stored = [dict(row) for found in rows for row in found.values()]
    for row in stored:
        row.pop("updated_at", None)
    return stored


@pytest.fixture
def pair(mai: User) -> tuple[Account, Account]:
    """The one that survives, known longer, and the other."""
    older = factories.account("Acme", industry="Steel", created_at=NOW - timedelta(days=9))
    return older, factories.account("Acme Japan", industry="Iron", employee_count=300, created_at=NOW)


def test_the_survivor_takes_what_it_lacks_and_what_was_chosen(pair: tuple[Account, Account], mai: User) -> None:
    survivor, other = pair

    done = merge(other, survivor, mai, name=other.pk)

    survivor.refresh_from_db()
    assert done.survivor == survivor
    assert (survivor.name, survivor.industry, survivor.employee_count) == ("Acme Japan", "Steel", 300)


def test_a_key_account_survives_and_one_that_has_subsidiaries_before_it(mai: User) -> None:
    older = factories.account(created_at=NOW - timedelta(days=9))
    key = factories.account(is_key_account=True, created_at=NOW)
    assert merge(older, key, mai).survivor == key

    group = factories.account(created_at=NOW)
    factories.account(parent=group)
    assert merge(key, group, mai).survivor == group
    group.refresh_from_db()
    assert group.is_key_account


def test_leads_and_deals_follow_and_the_other_counts_nowhere(pair: tuple[Account, Account], mai: User) -> None:
    survivor, other = pair
    lead, deal = factories.lead(account=other), factories.deal(account=other)

    merge(survivor, other, mai)

    lead.refresh_from_db()
    deal.refresh_from_db()
    assert lead.account == deal.account == survivor
    assert list(accounts()) == [survivor]


def test_the_name_of_the_other_leads_to_the_survivor_at_every_door(pair: tuple[Account, Account], mai: User) -> None:
    survivor, other = pair
    other.name_key = "acmejapan"
    other.save()
    merge(survivor, other, mai)

    captured = capture_lead(data=LeadData(full_name="Ann", company_name="ACME Japan Inc."), actor=mai, now=LATER).lead
    corrected = factories.lead()
    update_lead(lead_id=corrected.pk, facts={"company_name": "Acme Japan"}, seen=None, actor=mai, now=LATER)
    corrected.refresh_from_db()

    assert captured.account == corrected.account == survivor
    assert account_called("acme japan") == survivor
    assert parties.companies(["Acme Japan", "Acme"], now=LATER) == {"Acme Japan": survivor, "Acme": survivor}
    companies = Companies([("Acme Japan", {"prefecture": "Tokyo"})])
    assert (companies.by_name(now=LATER), companies.fuller) == ({"Acme Japan": survivor}, {survivor.pk})
    assert Account.everything.count() == 2


def test_a_person_is_recognised_by_either_name_of_the_company(pair: tuple[Account, Account], mai: User) -> None:
    survivor, other = pair
    here = factories.lead(full_name="Ann Lee", email="", account=other)
    merge(survivor, other, mai)

    for key in (survivor.name_key, other.name_key):
        ((found,),) = matches([Person(full_name="Ann Lee", company=key)])
        assert found.lead_id == here.pk


def test_two_of_one_name_who_now_are_of_one_company_are_suspected(pair: tuple[Account, Account], mai: User) -> None:
    for account in pair:
        factories.lead(full_name="Ann Lee", email="", account=account)

    merge(*pair, mai)

    assert SuspectedDuplicate.objects.count() == 1


def test_leads_are_judged_by_what_is_known_now_and_going_apart_takes_that_back(
    pair: tuple[Account, Account], mai: User
) -> None:
    factories.version_in_force({"condition": {"field": "employees", "op": "at_least", "value": 300}, "points": 10})
    lead = factories.lead(account=pair[0])

    done = merge(*pair, mai)
    lead.refresh_from_db()
    assert lead.stage == Stage.QUALIFIED

    unmerge(done, mai)
    lead.refresh_from_db()
    assert lead.stage == Stage.CAPTURED


def test_undone_at_once_all_is_as_it_was(pair: tuple[Account, Account], mai: User) -> None:
    survivor, other = pair
    group = factories.account("Group")
    Account.objects.filter(pk=other.pk).update(parent=group, corporate_number="4011001098993", is_key_account=True)
    for account in pair:
        factories.lead(account=account)
        factories.deal(account=account)
    before = everything()
    done = merge(survivor, other, mai)
    assert everything() != before

    unmerge(done, mai)

    assert everything() == before


def test_subsidiaries_follow_and_go_back(mai: User) -> None:
    group = factories.account("Group", created_at=NOW)
    part = factories.account("Part", parent=group)
    double = factories.account("Double", parent=group, created_at=NOW)
    before = everything()

    done = merge(group, double, mai)
    part.refresh_from_db()
    assert (done.survivor, part.parent) == (group, group)
    assert list(group.subsidiaries.all()) == [part]
    unmerge(done, mai)
    assert everything() == before

    older = factories.account("Older", created_at=NOW - timedelta(days=9))
    factories.account("Its part", parent=older)
    before = everything()
    done = merge(older, group, mai)
    assert set(older.subsidiaries.values_list("name", flat=True)) == {"Its part", "Part", "Double"}
    unmerge(done, mai)
    assert everything() == before


def test_what_somebody_changed_since_stays(pair: tuple[Account, Account], mai: User) -> None:
    survivor, other = pair
    lead = factories.lead(account=other)
    third = factories.account("Third")
    done = merge(survivor, other, mai)
    update_account(account_id=survivor.pk, employee_count=500, actor=mai, now=LATER)
    update_lead(lead_id=lead.pk, facts={"company_name": "Third"}, seen=None, actor=mai, now=LATER)

    unmerge(done, mai)

    survivor.refresh_from_db()
    lead.refresh_from_db()
    assert (survivor.employee_count, lead.account) == (500, third)


def test_a_chain_is_separated_from_its_end(mai: User) -> None:
    first, second, third = (factories.account(created_at=NOW + timedelta(days=day)) for day in range(3))
    inner = merge(second, third, mai)
    outer = merge(first, second, mai)
    assert not Account.everything.filter(merged_into__merged_into__isnull=False).exists()

    with pytest.raises(MergeIsOver):
        unmerge(inner, mai)
    unmerge(outer, mai)
    unmerge(inner, mai)
    with pytest.raises(MergeIsOver):
        unmerge(inner, mai)

    assert Account.objects.count() == 3


def test_what_cannot_be_merged(pair: tuple[Account, Account], mai: User, ren: User) -> None:
    survivor, other = pair
    with pytest.raises(NotAllowed):
        merge(*pair, ren)
    with pytest.raises(InvalidInput):
        merge(survivor, survivor, mai)
    with pytest.raises(InvalidInput):
        merge(*pair, mai, name_key=other.pk)
    with pytest.raises(InvalidInput):
        merge(*pair, mai, name=factories.account().pk)
    with pytest.raises(NotFound):
        company_merging.merge(account_ids=[survivor.pk, 10**9], facts={}, actor=mai, now=NOW)
    with pytest.raises(NotFound):
        company_merging.unmerge(merge_id=10**9, actor=mai, now=NOW)
    merge(*pair, mai)
    with pytest.raises(NotMergeable):
        merge(*pair, mai)


def test_the_database_keeps_what_a_merge_says(pair: tuple[Account, Account], mai: User) -> None:
    done = merge(*pair, mai)

    with pytest.raises(DatabaseError), transaction.atomic():
        AccountMerge.objects.filter(pk=done.pk).update(moved={})
    with pytest.raises(DatabaseError), transaction.atomic():
        done.delete()


@pytest.mark.django_db(transaction=True)
def test_a_circle_of_merges_at_once_leaves_one_that_stands(mai: User) -> None:
    for _attempt in range(5):
        before = Account.objects.count()
        first, second, third = (factories.account(created_at=NOW + timedelta(days=day)) for day in range(3))

        at_once(*(partial(merge, *two, mai) for two in ((first, second), (second, third), (third, first))))

        assert not Account.everything.filter(merged_into__merged_into__isnull=False).exists()
        assert Account.objects.count() - before in (1, 2)


@pytest.mark.django_db(transaction=True)
def test_who_comes_while_companies_are_merged_stands_at_the_survivor(mai: User) -> None:
    for attempt in range(8):
        survivor = factories.account(f"first{attempt}", created_at=NOW)
        other = factories.account(f"second{attempt}", created_at=LATER)
        known = factories.lead(account=other, company_name=other.name)
        moving = factories.lead()

        done = at_once(
            partial(merge, survivor, other, mai),
            partial(capture_lead, data=LeadData(full_name="Ann", company_name=other.name), actor=mai, now=LATER),
            partial(
                update_lead, lead_id=moving.pk, facts={"company_name": other.name}, seen=None, actor=mai, now=LATER
            ),
            partial(update_lead, lead_id=known.pk, facts={"note": "called"}, seen=None, actor=mai, now=LATER),
        )

        assert None not in done
        assert not Lead.everything.filter(account__merged_into__isnull=False).exists()
        assert survivor.leads.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_deal_that_waits_for_a_merge_is_not_opened_with_who_is_gone(mai: User, ren: User) -> None:
    survivor, other = factories.account(created_at=NOW), factories.account(created_at=LATER)
    facts: dict[str, Any] = {"name": "D", "amount": None, "expected_on": None, "product": ""}

    refusal = while_uncommitted(
        partial(merge, survivor, other, mai),
        partial(open_deal, lead_id=None, account_id=other.pk, actor=ren, now=LATER, **facts),
    )

    assert isinstance(refusal, InvalidInput)
    assert not Deal.objects.exists()


TEXT = st.text(alphabet="abc 山田", max_size=5)
FACTS = st.fixed_dictionaries(
    dict.fromkeys(("name", "industry", "prefecture", "address"), TEXT)
    | {
        "corporate_number": st.sampled_from(["", "4011001098993", "7000012050002"]),
        "postal_code": st.sampled_from(["", "100-0001"]),
        "employee_count": st.none() | st.integers(0, 9),
        "is_key_account": st.booleans(),
        "created_at": st.sampled_from([NOW, LATER]),
    }
)


class TestIdentity(TestCase):
    """Merging and separating again is the identity, whatever the two companies hold and wherever in a tree they are."""

    @settings(max_examples=60, deadline=None)
    @given(
        one=FACTS,
        other=FACTS,
        owners=st.lists(st.booleans(), max_size=4),
        parents=st.tuples(st.sampled_from("-cpg"), st.sampled_from("-cpg")),
        choose=st.booleans(),
    )
    def test_merge_and_unmerge_change_nothing(
        self, one: dict[str, Any], other: dict[str, Any], owners: list[bool], parents: tuple[str, str], choose: bool
    ) -> None:
        mai, group = factories.user(), factories.account("Group")
        pair = [
            factories.account(f"{position}{facts['name']}", **{name: facts[name] for name in facts.keys() - {"name"}})
            for position, facts in enumerate((one, other))
        ]
        for i, place in enumerate(parents):  # nothing, a part of the group, the parent of somebody, a part of the other
            if place == "c":
                factories.account(parent=pair[i])
            elif place == "p" and parents[1 - i] != "p":
                if parents[1 - i] != "g":
                    Account.objects.filter(pk=pair[i].pk).update(parent=pair[1 - i])
            elif place == "g":
                Account.objects.filter(pk=pair[i].pk).update(parent=group)
        for of_first in owners:
            factories.lead(account=pair[not of_first])
            factories.deal(account=pair[of_first])
        before = everything()

        chosen = {"name": pair[1].pk} | ({"address": pair[0].pk} if pair[0].address else {})
        done = merge(pair[0], pair[1], mai, **(chosen if choose else {}))
        unmerge(done, mai)

        assert everything() == before
