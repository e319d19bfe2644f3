"""Two leads side by side: who looks at them, what becomes of them, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from alignment.accounts.models import User
from leads.models import Lead, LeadMerge, SuspectedDuplicate
from leads.rules.stages import Stage
from leads.services import duplicates
from tests import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
LIST = reverse("leads:duplicate-list")


@pytest.fixture
def pair(now: datetime) -> tuple[Lead, Lead]:
    """The one that stays, and the other; on the list."""
    acme = factories.account("Acme")
    facts = {"full_name": "Taro", "company_name": "Acme", "account": acme}
    stays = factories.lead(captured_at=now - timedelta(days=2), job_title="Clerk", **facts)
    joins = factories.lead(captured_at=now, job_title="Head", phone="+81312345678", **facts)
    duplicates.look(lead_ids=[joins.pk], now=now)
    return stays, joins


def merge_url(pair: tuple[Lead, Lead]) -> str:
    return reverse("leads:merge", args=[lead.pk for lead in pair])


def test_the_list_says_why_and_leads_to_both(pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn) -> None:
    page = signed_in(mai).get(LIST).text

    assert "same name (+45) · same company (+20) · e-mail addresses differ (-20)" in page.replace("−", "-")
    assert merge_url(pair) in page


def test_sales_reps_look_and_do_not_merge(pair: tuple[Lead, Lead], ren: User, signed_in: SignedIn) -> None:
    client = signed_in(ren)

    assert merge_url(pair) not in client.get(LIST).text
    assert client.post(merge_url(pair)).status_code == 403
    assert Lead.objects.count() == 2


def test_the_list_of_leads_leads_to_them(pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn) -> None:
    assert "1 possible duplicate" in signed_in(mai).get(reverse("leads:list")).text


def test_side_by_side_says_what_has_to_be_chosen_and_what_is_filled(
    pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn
) -> None:
    page = signed_in(mai).get(merge_url(pair)).text

    assert page.count('name="job_title"') == 2
    assert 'name="phone"' not in page
    assert "fills the blank" in page


def test_merged_with_what_was_chosen_and_taken_back(pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn) -> None:
    stays, joins = pair
    client = signed_in(mai)

    answer = client.post(merge_url(pair), {"job_title": joins.pk}, follow=True)
    stays.refresh_from_db()
    assert (stays.job_title, stays.phone) == ("Head", "+81312345678")
    assert "Merged into this lead" in answer.text
    assert "Go to Taro" in client.get(reverse("leads:detail", args=[joins.pk])).text

    client.post(reverse("leads:unmerge", args=[LeadMerge.objects.get().pk]))
    stays.refresh_from_db()
    assert (stays.job_title, stays.phone) == ("Clerk", "")
    assert Lead.objects.count() == 2


def test_what_cannot_be_merged_says_so_and_offers_no_button(mai: User, now: datetime, signed_in: SignedIn) -> None:
    pair = (factories.qualified_lead(stage=Stage.WITH_SALES), factories.qualified_lead(stage=Stage.OFFERED))
    client = signed_in(mai)

    page = client.get(merge_url(pair))
    answer = client.post(merge_url(pair))

    assert "They are one: merge" not in page.text
    assert (answer.status_code, Lead.objects.count()) == (409, 2)


def test_a_refused_merge_keeps_what_was_chosen(pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn) -> None:
    """Somebody took the lead's note away meanwhile, of which the value was chosen."""
    joins = pair[1]

    answer = signed_in(mai).post(merge_url(pair), {"job_title": joins.pk, "note": joins.pk})

    assert (answer.status_code, Lead.objects.count()) == (409, 2)
    assert f'name="job_title" value="{joins.pk}" checked' in answer.text
    assert answer.text.count(" checked") == answer.text.count('type="radio"') / 2


def test_custom_facts_that_differ_are_chosen_too(pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn) -> None:
    factories.custom_field("size", "choice", choices=[("small", "Small"), ("large", "Large")])
    stays, joins = pair
    Lead.objects.filter(pk=stays.pk).update(custom={"size": "small", "CRM id": "7"})
    Lead.objects.filter(pk=joins.pk).update(custom={"size": "large", "CRM id": "8", "booth": "12"})
    client = signed_in(mai)

    page = client.get(merge_url(pair)).text
    client.post(merge_url(pair), {"custom.size": joins.pk, "custom.CRM id": stays.pk})

    assert "Small" in page
    assert "Large" in page
    stays.refresh_from_db()
    assert stays.custom == {"size": "large", "CRM id": "7", "booth": "12"}


def test_two_of_whom_one_is_gone_are_not_told_apart_any_more(
    pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn
) -> None:
    client, suspicion = signed_in(mai), SuspectedDuplicate.objects.get()
    client.post(merge_url(pair))

    stale = client.get(merge_url(pair)).text
    answer = client.post(reverse("leads:duplicate-dismiss", args=[suspicion.pk]))

    assert 'id="dismiss"' not in stale
    assert answer.status_code == 409
    suspicion.refresh_from_db()
    assert suspicion.dismissed_at is None


def test_different_people_leave_the_list(pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn) -> None:
    client = signed_in(mai)

    client.post(reverse("leads:duplicate-dismiss", args=[SuspectedDuplicate.objects.get().pk]))

    assert "Nobody seems to be here twice" in client.get(LIST).text


def test_a_merged_lead_is_read_and_no_more_changed(pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn) -> None:
    client = signed_in(mai)
    client.post(merge_url(pair))
    gone = pair[1].pk

    page = client.get(reverse("leads:detail", args=[gone])).text

    assert reverse("leads:edit", args=[gone]) not in page
    assert client.post(reverse("leads:edit", args=[gone]), {"full_name": "X"}).status_code in (404, 422)
    assert not client.get(LIST).context["page"].object_list


@pytest.mark.parametrize("words", ["", "Taro", "nobody at all"])
def test_the_other_one_is_found_by_search(words: str, pair: tuple[Lead, Lead], mai: User, signed_in: SignedIn) -> None:
    page = signed_in(mai).get(reverse("leads:merge-choose", args=[pair[0].pk]), {"q": words}).text

    assert (merge_url(pair) in page) == (words != "nobody at all")
