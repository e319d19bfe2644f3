"""The page of a company: its facts, its place in the tree, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from alignment.accounts.models import Organisation, User
from leads.models import Account, Lead
from leads.services.capture import LeadData, capture_lead
from tests import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
FACTS = {"corporate_number": "4011001098993", "postal_code": "1000001", "prefecture": "東京", "address": "千代田区1-1"}


def url(account: Account) -> str:
    return reverse("leads:account-detail", args=[account.pk])


def test_what_is_corrected_is_shown_there(mai: User, signed_in: SignedIn) -> None:
    group, firm = factories.account("Group"), factories.account("Firm")
    client = signed_in(mai)

    page = client.post(url(firm), FACTS | {"parent": "group"}, follow=True).text

    assert "〒100-0001 東京都 千代田区1-1" in page
    assert url(group) in page
    assert url(firm) in client.get(url(group)).text


def test_every_fault_is_said_at_once_at_its_field(mai: User, signed_in: SignedIn) -> None:
    firm = factories.account("Firm")

    answer = signed_in(mai).post(url(firm), {"corporate_number": "123", "postal_code": "12", "parent": "nowhere"})

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"corporate_number", "postal_code", "parent"}
    assert Account.objects.get().corporate_number == ""


def test_a_parent_that_has_one_is_refused_at_the_field(mai: User, signed_in: SignedIn) -> None:
    group = factories.account("Group")
    factories.account("Middle", parent=group)
    firm = factories.account("Firm")

    answer = signed_in(mai).post(url(firm), {"parent": "Middle"})

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"parent"})


def test_a_number_without_a_country_is_of_the_organisations_country(mai: User, now: datetime) -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"holiday_country": "GB"})

    capture_lead(data=LeadData(full_name="Ann", phone="020 7946 0000"), actor=mai, now=now)

    assert Lead.objects.get().phone == "+442079460000"
