"""Accounts that may be one company: found, looked at side by side, merged there or told apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from alignment.accounts.models import User
from alignment.kernel.errors import NotAllowed, NotFound
from leads.models import Account, AccountMerge, SuspectedCompanies
from leads.rules.normalise import company_key
from leads.selectors.company_duplicates import open_pairs
from leads.selectors.company_matching import MOST
from leads.services import company_duplicates
from leads.services.accounts import update_account
from leads.services.capture import LeadData, capture_lead
from leads.tasks import find_duplicates
from tests import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
LIST = reverse("leads:company-duplicate-list")
NUMBER, OTHER_NUMBER = "4011001098993", "7000012050002"


def named(name: str, **fields: Any) -> Account:
    return factories.account(name, **({"name_key": company_key(name)} | fields))


def found(now: datetime) -> list[tuple[int, list[list[object]]]]:
    company_duplicates.look_through(now=now)
    return [(pair.score, pair.evidence) for pair in open_pairs()]


@pytest.fixture
def pair(now: datetime) -> tuple[Account, Account]:
    """The one that stays, and the other; on the list."""
    stays = named("キヤノン", industry="Optics", created_at=now - timedelta(days=9))
    joins = named("キャノン株式会社", industry="Cameras", employee_count=300, created_at=now)
    company_duplicates.look(account_ids=[joins.pk], now=now)
    return stays, joins


def merge_url(pair: tuple[Account, Account]) -> str:
    return reverse("leads:company-merge", args=[account.pk for account in pair])


def test_the_same_number_is_sure(now: datetime) -> None:
    named("One", corporate_number=NUMBER)
    named("Two", corporate_number=NUMBER)

    assert found(now) == [(100, [["number", 100]])]


@pytest.mark.parametrize(
    ("one", "other", "is_suspected"),
    [
        ("キヤノン", "キャノン", True),
        ("山田サーバー", "やまだサーバ", False),
        ("ひかりサーバー", "ヒカリサーバ", True),
        ("山田株式会社東京支店", "山田東京支店", True),
        ("Yamada Kabushiki Kaisha", "Yamada", True),
        ("渡辺商店", "渡邊商店", False),
        ("日立", "日立製作所", False),
    ],
)
def test_a_name_that_nearly_is_the_same(one: str, other: str, is_suspected: bool, now: datetime) -> None:
    named(one)
    named(other)

    assert bool(found(now)) is is_suspected


def test_a_domain_of_their_own_and_no_free_one(now: datetime) -> None:
    one, other = named("One"), named("Other")
    for account in (one, other):
        factories.lead(account=account, email_domain="gmail.com", is_free_mail=True)
    assert found(now) == []

    for account in (one, other):
        factories.lead(account=account, email_domain="acme.example", is_free_mail=False)
    assert found(now) == [(50, [["domain", 50]])]


def test_a_domain_that_very_many_share_names_none_of_them(now: datetime) -> None:
    for _company in range(MOST + 1):
        factories.lead(account=factories.account(), email_domain="post.example", is_free_mail=False)

    assert found(now) == []


def test_two_numbers_outweigh_a_name(now: datetime) -> None:
    named("キヤノン", corporate_number=NUMBER)
    named("キャノン", corporate_number=OTHER_NUMBER)

    assert found(now) == []


def test_those_of_one_tree_are_not_suspected(now: datetime) -> None:
    group = named("Group", corporate_number=NUMBER)
    for name in ("First", "Second"):
        named(name, corporate_number=NUMBER, parent=group)

    assert found(now) == []


def test_found_when_one_is_made_and_when_its_number_is_said(mai: User, now: datetime) -> None:
    known, other = named("キヤノン"), named("Other", corporate_number=NUMBER)
    capture_lead(data=LeadData(full_name="Ann", company_name="キャノン"), actor=mai, now=now)
    assert open_pairs().get().first == known

    update_account(account_id=known.pk, corporate_number=NUMBER, actor=mai, now=now)
    assert {pair.second for pair in open_pairs()} >= {other}

    # A mistyped number that is mended leaves nothing behind.
    update_account(account_id=known.pk, corporate_number="", actor=mai, now=now)
    assert open_pairs().count() == 1


def test_the_daily_look_and_the_command_find_what_files_brought() -> None:
    named("キヤノン")
    named("キャノン")

    find_duplicates()
    assert open_pairs().count() == 1
    open_pairs().delete()
    call_command("find_duplicates")
    assert open_pairs().count() == 1


def test_what_was_told_apart_stays_so(pair: tuple[Account, Account], mai: User, ren: User, now: datetime) -> None:
    suspicion = SuspectedCompanies.objects.get()
    with pytest.raises(NotAllowed):
        company_duplicates.dismiss(suspicion_id=suspicion.pk, actor=ren, now=now)
    with pytest.raises(NotFound):
        company_duplicates.dismiss(suspicion_id=10**9, actor=mai, now=now)

    company_duplicates.dismiss(suspicion_id=suspicion.pk, actor=mai, now=now)

    assert found(now) == []


def test_the_list_says_why_and_reps_only_look(
    pair: tuple[Account, Account], mai: User, ren: User, signed_in: SignedIn
) -> None:
    page = signed_in(mai).get(LIST).text

    assert "nearly the same name (+60)" in page
    assert merge_url(pair) in page
    assert "1 possible duplicate" in signed_in(mai).get(reverse("leads:account-list")).text
    client = signed_in(ren)
    assert merge_url(pair) not in client.get(LIST).text
    assert client.post(merge_url(pair)).status_code == 403


def test_merged_with_what_was_chosen_and_taken_back(
    pair: tuple[Account, Account], mai: User, signed_in: SignedIn
) -> None:
    stays, joins = pair
    client = signed_in(mai)
    page = client.get(merge_url(pair)).text
    assert page.count('name="industry"') == 2
    assert 'name="employee_count"' not in page

    answer = client.post(merge_url(pair), {"industry": joins.pk}, follow=True)
    stays.refresh_from_db()
    assert (stays.industry, stays.employee_count) == ("Cameras", 300)
    assert "Merged into this company" in answer.text
    gone = client.get(reverse("leads:account-detail", args=[joins.pk])).text
    assert "Go to キヤノン" in gone
    assert 'id="edit"' not in gone
    assert client.post(merge_url(pair)).status_code == 409

    client.post(reverse("leads:company-unmerge", args=[AccountMerge.objects.get().pk]))
    stays.refresh_from_db()
    assert (stays.industry, stays.employee_count) == ("Optics", None)


def test_a_refused_merge_keeps_what_was_chosen(pair: tuple[Account, Account], mai: User, signed_in: SignedIn) -> None:
    joins = pair[1]

    answer = signed_in(mai).post(merge_url(pair), {"industry": joins.pk, "address": joins.pk})

    assert (answer.status_code, Account.objects.count()) == (409, 2)
    assert f'name="industry" value="{joins.pk}" checked' in answer.text
    assert f'name="industry" value="{pair[0].pk}" checked' not in answer.text


def test_different_companies_leave_the_list(pair: tuple[Account, Account], mai: User, signed_in: SignedIn) -> None:
    client = signed_in(mai)

    client.post(reverse("leads:company-duplicate-dismiss", args=[SuspectedCompanies.objects.get().pk]))

    assert "No company seems to be here twice" in client.get(LIST).text


@pytest.mark.parametrize("words", ["", "キャノン", "nowhere"])
def test_the_other_one_is_found(words: str, pair: tuple[Account, Account], mai: User, signed_in: SignedIn) -> None:
    page = signed_in(mai).get(reverse("leads:company-merge-choose", args=[pair[0].pk]), {"q": words}).text

    assert (merge_url(pair) in page) == (words != "nowhere")
