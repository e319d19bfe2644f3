"""Deals on the page: the list with next steps, and each step once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alignment.accounts.models import User
from leads.models import Deal, Lead
from tests import factories

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def lead(ren: User) -> Lead:
    return factories.lead(
        full_name="Hanako", stage="with_sales", owner=ren, next_step_on=date(2026, 4, 8), account=factories.account()
    )


@pytest.fixture
def deal(lead: Lead, ren: User) -> Deal:
    return factories.deal(lead=lead, name="First line", amount=Decimal(1_200_000), owner=ren)


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_rep_sees_their_own_open_deals_first_with_the_next_step(
    signed_in: Browser, deal: Deal, ren: User, riku: User
):
    factories.deal(name="Theirs", owner=riku)
    factories.deal(name="Won one", owner=ren, won_at=timezone.now())
    client = signed_in(ren)

    page = text_of(client, "/deals/")
    assert "First line" in page
    assert "1,200,000 JPY" in page
    assert "Apr 8, 2026" in page
    assert "Theirs" not in page
    assert "Won one" not in page
    assert "Theirs" in text_of(client, "/deals/?owner=")
    assert "Won one" in text_of(client, "/deals/?state=won")


def test_a_manager_sees_everybodys_deals(signed_in: Browser, deal: Deal, sora: User, mai: User):
    for person in (sora, mai):
        assert "First line" in text_of(signed_in(person), "/deals/")


@pytest.mark.parametrize("query", ["", "?owner=", "?state=won", "?state=lost", "?state=nonsense", "?owner=x&page=x"])
def test_the_empty_list_says_how_a_deal_begins(query: str, signed_in: Browser, ren: User):
    page = text_of(signed_in(ren), f"/deals/{query}")

    assert "such deals" in page


def test_the_list_costs_the_same_for_one_and_for_twenty(signed_in: Browser, ren: User, deal: Deal):
    client = signed_in(ren)

    def cost() -> int:
        client.get("/deals/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/deals/")
        return len(queries)

    one = cost()
    for _number in range(19):
        lead = factories.lead(stage="with_sales", owner=ren)
        factories.deal(lead=lead, owner=ren, account=factories.account())

    assert cost() == one


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_deal_is_read_by_everybody_and_changed_by_few(
    language: str, signed_in: Browser, deal: Deal, ren: User, rei: User, mai: User
):
    for person, may in ((ren, True), (rei, False), (mai, False)):
        User.objects.filter(pk=person.pk).update(language=language)
        person.refresh_from_db()
        page = text_of(signed_in(person), f"/deals/{deal.pk}/")
        assert "Hanako" in page
        assert (f"/deals/{deal.pk}/win/" in page) is may


def test_a_deal_is_opened_from_its_lead(signed_in: Browser, lead: Lead, ren: User, mai: User):
    path = f"/leads/{lead.pk}/deals/"
    assert signed_in(mai).get(path).status_code == 403
    client = signed_in(ren)
    assert 'name="name"' in text_of(client, path)

    answer = client.post(path, {"name": "First line", "amount": "１，２００，０００", "expected_on": "2026-06-30"})

    deal = Deal.objects.get()
    assert answer.headers["Location"] == f"/deals/{deal.pk}/"
    assert (deal.lead, deal.amount, deal.owner) == (lead, Decimal(1_200_000), ren)
    assert client.post(path, {"name": ""}).status_code == 422


def test_a_deal_that_sales_found_stands_without_a_lead(signed_in: Browser, ren: User):
    account = factories.account("Acme")

    signed_in(ren).post("/deals/new/", {"name": "Direct", "account": "株式会社 ACME"})

    assert (Deal.objects.get().account, Deal.objects.get().lead) == (account, None)
    assert "Acme" in text_of(signed_in(ren), "/deals/")


@pytest.mark.parametrize("name", ["Nobody Knows", "株式会社", "a\x00b", "x" * 201])
def test_a_company_that_is_not_known_is_refused_and_kept_in_the_form(name: str, signed_in: Browser, ren: User):
    factories.account("Acme")

    answer = signed_in(ren).post("/deals/new/", {"name": "Direct", "account": name})

    assert (answer.status_code, Deal.objects.exists()) == (422, False)
    assert answer.context["form"].errors["account"]
    assert 'value="Direct"' in answer.content.decode()


def test_at_most_200_companies_are_suggested_key_accounts_first(signed_in: Browser, ren: User):
    for number in range(201):
        factories.account(f"Firm {number}")
    factories.account("Zebra", is_key_account=True)

    names = signed_in(ren).get("/deals/new/").context["company_names"]

    assert (len(names), names[0]) == (200, "Zebra")


def test_a_lead_that_is_not_with_sales_takes_no_deal(signed_in: Browser, ren: User):
    answer = signed_in(ren).post(f"/leads/{factories.lead().pk}/deals/", {"name": "Early"})

    assert answer.status_code == 409
    assert "Sales records work once it has accepted a lead." in answer.content.decode()


@pytest.mark.parametrize("step", ["edit", "win", "lose"])
def test_steps_are_never_done_by_following_a_link(step: str, signed_in: Browser, deal: Deal, ren: User):
    assert signed_in(ren).get(f"/deals/{deal.pk}/{step}/").status_code == 405


@pytest.mark.parametrize(
    ("step", "data", "status"),
    [
        ("edit", {"name": "Second line", "amount": "900000"}, "open"),
        ("win", {"reason": "trust", "amount": "900000"}, "won"),
        ("lose", {"reason": "price", "comment": ""}, "lost"),
    ],
)
def test_each_step_leads_back_to_the_deal(
    step: str, data: dict[str, str], status: str, signed_in: Browser, deal: Deal, ren: User, rei: User
):
    path = f"/deals/{deal.pk}/{step}/"
    assert signed_in(rei).post(path, data).status_code == 403

    assert signed_in(ren).post(path, data).headers["Location"] == f"/deals/{deal.pk}/"

    deal.refresh_from_db()
    assert (deal.is_open, bool(deal.won_at), bool(deal.lost_at)) == (
        status == "open",
        status == "won",
        status == "lost",
    )
    assert deal.events.count() == 1


@pytest.mark.parametrize(
    ("step", "data", "message"),
    [
        ("win", {}, "Choose why it was won."),
        ("win", {"reason": "luck"}, "Select a valid choice."),
        ("lose", {"reason": "other"}, "Say in a sentence what happened."),
        ("edit", {"name": "x", "amount": "-5"}, "greater than or equal to 0"),
    ],
)
def test_a_refused_step_opens_its_form_with_the_reason(
    step: str, data: dict[str, str], message: str, signed_in: Browser, deal: Deal, ren: User
):
    answer = signed_in(ren).post(f"/deals/{deal.pk}/{step}/", data)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    assert '<details class="confirm" open' in page
    assert deal.events.count() == 0


def test_the_second_to_close_a_deal_learns_who_was_faster(signed_in: Browser, deal: Deal, ren: User, riku: User):
    signed_in(riku).post(f"/deals/{deal.pk}/lose/", {"reason": "price"})

    answer = signed_in(ren).post(f"/deals/{deal.pk}/win/", {"reason": "trust"})

    assert answer.status_code == 409
    assert "Riku marked this deal as lost" in answer.content.decode()


def test_a_step_by_htmx_leads_on_with_a_whole_page(signed_in: Browser, deal: Deal, ren: User):
    answer = signed_in(ren).post(f"/deals/{deal.pk}/win/", {"reason": "trust"}, headers=HTMX)

    assert answer.headers["HX-Redirect"] == f"/deals/{deal.pk}/"


def test_an_overdue_date_is_said_in_a_word(signed_in: Browser, deal: Deal, ren: User):
    Deal.objects.filter(pk=deal.pk).update(expected_on=timezone.localdate() - timedelta(days=1))

    assert "overdue" in text_of(signed_in(ren), "/deals/")


def need_of(page: str, field: str) -> str:
    """The word beside the label of a field: required or optional."""
    found = re.search(rf'<label class="field-label" for="{field}">.*?</label>', page, re.DOTALL)
    assert found
    return re.sub(r"<[^>]*>", "", found[0])


@pytest.mark.parametrize(("amount", "word"), [(None, "required"), (Decimal(100), "optional")])
def test_the_agreed_amount_is_asked_for_where_none_stands_yet(amount, word, signed_in: Browser, deal: Deal, ren: User):
    Deal.objects.filter(pk=deal.pk).update(amount=amount)
    client = signed_in(ren)

    assert word in need_of(client.get(f"/deals/{deal.pk}/").text, "id_win_amount")
    answer = client.post(f"/deals/{deal.pk}/win/", {"reason": "trust", "amount": ""})
    assert answer.status_code == (422 if amount is None else 302)
    assert ("Enter the amount that was agreed." in answer.text) == (amount is None)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Enter the amount in JPY in digits, such as 1500000."),
        ("ja", "円単位の数字で入力してください(例: 1500000)。"),
    ],
)
def test_an_amount_in_words_is_asked_for_in_digits(language, said, signed_in: Browser, deal: Deal, ren: User):
    ren.language = language
    ren.save()

    answer = signed_in(ren).post(f"/deals/{deal.pk}/win/", {"reason": "trust", "amount": "150万"})

    assert (answer.status_code, said in answer.text) == (422, True)


def test_after_a_refused_change_another_language_leads_back_to_the_page_of_the_form(
    signed_in: Browser, deal: Deal, ren: User
):
    client, form = signed_in(ren), f"http://testserver/deals/{deal.pk}/"

    refused = client.post(f"/deals/{deal.pk}/win/", {"reason": ""}, headers={"Referer": form})

    assert refused.status_code == 422
    assert refused.content.decode().count(f'name="next" value="{form}"') >= 2
    assert f'value="/deals/{deal.pk}/win/"' not in refused.content.decode()
    chosen = client.post("/preferences/language/", {"language": "ja", "next": form})
    assert client.get(chosen["Location"]).status_code == 200
