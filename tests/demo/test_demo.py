"""The demo's door and mailbox: open in the demo, not there anywhere else."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import User
from alignment.demo.people import ROLES
from alignment.outbox import services as outbox
from alignment.outbox.models import Notice
from leads.models import Lead
from tests import factories

POSITIONS = {
    "marketer@demo.example": ("marketer", "marketing"),
    "rep@demo.example": ("sales_rep", "sales"),
    "marketing.manager@demo.example": ("manager", "marketing"),
    "sales.manager@demo.example": ("manager", "sales"),
    "admin@demo.example": ("admin", ""),
}


@pytest.fixture
def five(db):
    for email, (role, side) in POSITIONS.items():
        User.objects.create_user(email, full_name=email, role=role, side=side, language="en")


@pytest.fixture
def letter(ren):
    return outbox.write(
        to=ren,
        template="accounts/email/password_reset_key",
        context={},
        secrets={"link": "http://testserver/the-link/"},
        now=timezone.now(),
    )


def test_the_five_people_are_the_promised_ones():
    assert {role.email for role in ROLES} == set(POSITIONS)


@pytest.mark.parametrize("email", POSITIONS)
def test_one_click_enters_as_each_of_the_five(client, five, email):
    client.post(reverse("demo:enter"), {"email": email})

    assert client.get("/").context["user"].email == email


def test_nobody_else_can_be_entered_as(client, five, kei):
    answer = client.post(reverse("demo:enter"), {"email": kei.email})

    assert answer.status_code == 404
    assert client.get("/").status_code == 302


def test_a_demo_person_who_is_shut_out_cannot_be_entered_as(client, five):
    User.objects.filter(email="rep@demo.example").update(is_active=False)

    assert client.post(reverse("demo:enter"), {"email": "rep@demo.example"}).status_code == 404


def test_entering_takes_a_post(client, five):
    assert client.get(reverse("demo:enter"), {"email": "rep@demo.example"}).status_code == 405


def test_the_sign_in_page_offers_the_five(client, five):
    page = client.get(reverse("account_login")).text

    assert all(f'value="{email}"' in page for email in POSITIONS)


def test_outside_the_demo_there_is_neither_door_nor_mailbox(client, five, letter, signed_in, settings):
    settings.DEMO = False
    browser = signed_in(User.objects.get(email="admin@demo.example"))

    assert client.post(reverse("demo:enter"), {"email": "rep@demo.example"}).status_code == 404
    assert browser.get(reverse("demo:mailbox")).status_code == 404
    assert browser.get(reverse("demo:mail", args=[letter.pk])).status_code == 404
    assert "rep@demo.example" not in client.get(reverse("account_login")).text


def test_a_mail_shows_its_link_before_and_after_it_left(signed_in, mai, letter):
    browser, address = signed_in(mai), reverse("demo:mail", args=[letter.pk])

    before = browser.get(address).text
    outbox.sweep(now=timezone.now())

    assert 'href="http://testserver/the-link/"' in before
    assert 'href="http://testserver/the-link/"' in browser.get(address).text
    assert "the-link" not in Notice.objects.get().body


def test_a_mail_whose_template_is_gone_is_shown_as_it_was_kept(signed_in, mai, letter):
    Notice.objects.update(template="gone/for/good", subject="Kept", body="As it was")

    assert "As it was" in signed_in(mai).get(reverse("demo:mail", args=[letter.pk])).text


def test_the_mailbox_is_searched_and_costs_the_same_for_many(
    signed_in, mai, ren, letter, django_assert_max_num_queries
):
    browser = signed_in(mai)
    for number in range(20):
        outbox.write(to=ren, template="x", context={}, now=timezone.now(), key=str(number))

    with django_assert_max_num_queries(15):
        found = browser.get(reverse("demo:mailbox"), {"q": "ren@"})

    assert "ren@example.com" in found.text
    for unknown in ("zzz", "a\x00b", "x" * 10_000):
        assert "No mail fits" in browser.get(reverse("demo:mailbox"), {"q": unknown}).text


def test_the_mailbox_names_and_finds_a_waiting_mail_by_its_subject(signed_in, mai, letter):
    browser = signed_in(mai)

    listed = browser.get(reverse("demo:mailbox"))
    subject = listed.context["letters"][0].subject
    found = browser.get(reverse("demo:mailbox"), {"q": subject.upper()})

    assert letter.subject == ""
    assert "password" in subject.lower()
    assert letter.template not in listed.text
    assert [shown.notice for shown in found.context["letters"]] == [letter]
    assert "No mail fits" in browser.get(reverse("demo:mailbox"), {"q": "password_reset_key"}).text


def test_the_command_names_the_five(five):
    out = StringIO()

    call_command("demo_sign_ins", stdout=out)

    assert out.getvalue().splitlines()[0] == "Marketer: marketer@demo.example"
    assert len(out.getvalue().splitlines()) == len(POSITIONS)


def test_a_factory_person_is_no_demo_person(db):
    assert factories.user("marketer").email not in POSITIONS


def test_the_demo_stays_away_where_somebody_works_already(db):
    factories.lead()

    call_command("seed_demo", once=True)

    assert Lead.objects.count() == 1
    with pytest.raises(CommandError, match="not the demo's"):
        call_command("seed_demo")
