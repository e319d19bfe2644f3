"""What opens a door once opens it once, also for two at the same moment; and nothing tells who is here."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import reverse

from alignment.accounts.models import User
from alignment.outbox import mails
from alignment.outbox.models import Notice
from tests import factories
from tests.accounts.second_factors import an_app_for, code_of
from tests.racing import at_once

PASSWORD = "correct-horse-battery"
NEW = {"password1": "brand-new-phrase", "password2": "brand-new-phrase"}


def sign_in(email: str, password: str = PASSWORD, client: Client | None = None) -> Client:
    client = client or Client()
    client.post(reverse("account_login"), {"login": email, "password": password})
    return client


def enter_code(client: Client, code: str) -> bool:
    """Enter the second factor; whether that let in."""
    client.post(reverse("mfa_authenticate"), {"code": code})
    return client.get(reverse("accounts:profile")).status_code == 200


def ask_for_reset(person: User) -> str:
    """The path of the link that the mail brings."""
    Client().post(reverse("account_reset_password"), {"email": person.email})
    return re.search(r"http://testserver(/\S+key/\S+)", mails.render(Notice.objects.latest("pk")).text)[1]


def open_link(link: str) -> tuple[Client, str]:
    """A browser on the form behind the link."""
    client = Client()
    return client, client.get(link, follow=True).redirect_chain[-1][0]


def recovery_code_of(person: User) -> str:
    return RecoveryCodes.activate(person).get_unused_codes()[0]


@pytest.fixture
def secret(mai: User) -> str:
    return an_app_for(mai)


def test_a_code_of_the_app_opens_once(mai, secret):
    code = code_of(secret)

    assert [enter_code(sign_in(mai.email), code) for _time in range(2)] == [True, False]


def test_a_recovery_code_opens_once(mai, secret):
    code = recovery_code_of(mai)

    assert [enter_code(sign_in(mai.email), code) for _time in range(2)] == [True, False]


def test_a_reset_link_opens_once_even_where_its_form_was_open_twice(mai):
    link = ask_for_reset(mai)
    (first, form), (second, again) = open_link(link), open_link(link)

    first.post(form, NEW)
    second.post(again, {"password1": "another-long-phrase", "password2": "another-long-phrase"})

    assert [sign_in(mai.email, word).get("/").status_code for word in ("brand-new-phrase", "another-long-phrase")] == [
        200,
        302,
    ]


def test_a_reset_does_not_skip_the_second_factor(mai, secret):
    client, form = open_link(ask_for_reset(mai))

    client.post(form, NEW)

    assert client.get("/").status_code == 302
    assert sign_in(mai.email, "brand-new-phrase", client).get("/").status_code == 302
    assert enter_code(client, code_of(secret))
    assert client.get("/").status_code == 200


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_four_who_enter_one_code_at_once_one_gets_in(kind):
    for number in range(5):
        person = factories.user(f"person{kind}{number}")
        secret = an_app_for(person)
        code = code_of(secret) if kind == "app" else recovery_code_of(person)
        browsers = [sign_in(person.email) for _browser in range(4)]

        let_in = at_once(*[partial(enter_code, browser, code) for browser in browsers])

        assert Counter(let_in) == {True: 1, False: 3}
        Authenticator.objects.filter(user=person).delete()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_four_who_use_one_reset_link_at_once_one_chooses_the_password():
    for number in range(5):
        person = factories.user(f"person{number}")
        link = ask_for_reset(person)
        words = [f"long-phrase-number-{which}" for which in range(4)]
        forms = [open_link(link) for _word in words]

        answers = at_once(
            *[
                partial(browser.post, form, {"password1": word, "password2": word})
                for (browser, form), word in zip(forms, words, strict=True)
            ]
        )

        done = [answer.status_code == 302 for answer in answers]  # type: ignore[attr-defined]
        person.refresh_from_db()
        assert done.count(True) == 1
        assert [person.check_password(word) for word in words] == done


@pytest.fixture
def hashed(monkeypatch) -> Counter[str]:
    """How often a password was hashed since: the slow part of signing in."""
    counted: Counter[str] = Counter()
    encode = MD5PasswordHasher.encode

    def count(self, password, salt):
        counted["times"] += 1
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    return counted


@pytest.mark.parametrize("who", ["known", "unknown", "shut out", "without password"])
def test_a_wrong_password_takes_the_same_work_whoever_is_meant(mai, hashed, who):
    if who == "shut out":
        User.objects.filter(pk=mai.pk).update(is_active=False)
    if who == "without password":
        mai.set_unusable_password()
        mai.save()
    hashed.clear()

    sign_in("nobody@example.com" if who == "unknown" else mai.email, "wrong-guess")

    assert hashed["times"] == 1


def test_asking_for_a_new_password_takes_the_same_work_and_one_mail_each(mai, hashed):
    answers = []
    for email in (mai.email, "nobody@example.com"):
        hashed.clear()
        answer = Client().post(reverse("account_reset_password"), {"email": email}, follow=True)
        answers.append((answer.redirect_chain, page_of(answer), hashed["times"]))

    assert answers[0] == answers[1]
    assert sorted(Notice.objects.values_list("to_address", flat=True)) == [mai.email, "nobody@example.com"]


def page_of(answer) -> str:
    """A page without the secrets of its forms and scripts."""
    return re.sub(r'"[A-Za-z0-9]{64}"|nonce="[^"]+"', '""', answer.text)
