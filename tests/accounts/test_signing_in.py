"""Signing in: limits that hold, mails through the outbox, nothing told to strangers, sessions that end."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest
import redis
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from alignment.accounts.middleware import SEEN, STARTED
from alignment.accounts.models import User
from alignment.accounts.services.tokens import create_token
from alignment.accounts.words import SECOND_FACTOR
from alignment.outbox import mails
from alignment.outbox.models import Notice

PASSWORD = "correct-horse-battery"
NEW = {"password1": "brand-new-phrase", "password2": "brand-new-phrase"}
LOGIN = "account_login"


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra):
    return client.post(reverse(LOGIN), {"login": email, "password": password}, **extra)


def test_one_signs_in_by_address_whatever_its_case(client, mai):
    assert sign_in(client, mai.email.upper()).status_code == 302
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("page", "missing"),
    [(LOGIN, ["E-mail address", "Password"]), ("account_reset_password", ["E-mail address"])],
)
def test_the_door_asks_for_what_is_missing_by_its_name(page, missing, client, db):
    answer = client.post(reverse(page), {})

    errors = [message for messages in answer.context["form"].errors.values() for message in messages]
    assert errors == [f"Fill in “{name}”." for name in missing]
    assert all(answer.text.count(message) for message in errors)
    assert "This field is required." not in answer.text


def test_signing_in_gives_a_new_session(client, mai):
    client.get(reverse(LOGIN))
    session = client.session
    session["planted"] = "yes"
    session.save()
    before = session.session_key

    sign_in(client, mai.email)

    assert client.session.session_key != before


def test_after_signing_out_the_old_cookie_opens_nothing(client, mai):
    sign_in(client, mai.email)
    cookie = client.cookies["sessionid"].value
    client.post(reverse("account_logout"))

    client.cookies["sessionid"] = cookie

    assert client.get("/").status_code == 302


def test_signing_out_takes_a_post(client, mai):
    client.force_login(mai)

    client.get(reverse("account_logout"))

    assert client.get("/").status_code == 200


def test_who_is_shut_out_does_not_get_in(client, mai):
    User.objects.filter(pk=mai.pk).update(is_active=False)

    sign_in(client, mai.email)

    assert client.get("/").status_code == 302


def test_after_five_wrong_passwords_even_the_right_one_waits(client, mai):
    for _guess in range(5):
        sign_in(client, mai.email, "wrong-guess")

    answer = sign_in(client, mai.email)

    assert answer.status_code == 200
    assert "Too many" in answer.text


def test_the_limit_holds_from_many_addresses(mai):
    for number in range(5):
        sign_in(Client(), mai.email, "wrong", REMOTE_ADDR=f"10.0.0.{number}")

    assert "Too many" in sign_in(Client(), mai.email, REMOTE_ADDR="10.9.9.9").text


def test_a_forged_forwarding_header_is_no_new_address(db):
    for number in range(10):
        sign_in(Client(), f"nobody{number}@example.com", "wrong", headers={"X-Forwarded-For": f"10.0.0.{number}"})

    assert "Too many" in sign_in(Client(), "somebody@example.com", "wrong").text


def through_proxy(address: str, claimed: str = "") -> dict[str, str]:
    """What the one proxy of production passes on: what the client claimed, then the address that it saw."""
    return {"X-Forwarded-For": f"{claimed}, {address}" if claimed else address}


def test_behind_a_proxy_what_the_client_claims_is_no_new_address(db, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(10):
        headers = through_proxy("203.0.113.7", claimed=f"10.0.0.{number}")
        sign_in(Client(), f"nobody{number}@example.com", "wrong", headers=headers)

    assert "Too many" in sign_in(Client(), "a@example.com", headers=through_proxy("203.0.113.7", "10.9.9.9")).text
    assert "Too many" not in sign_in(Client(), "b@example.com", headers=through_proxy("198.51.100.2")).text


def test_the_limit_of_one_does_not_slow_another(mai, ren):
    for number in range(5):
        sign_in(Client(), mai.email, "wrong", REMOTE_ADDR=f"10.0.0.{number}")

    assert sign_in(Client(), ren.email, REMOTE_ADDR="10.0.0.1").status_code == 302


def test_limits_hold_while_redis_is_dead(client, mai, monkeypatch):
    asked = []

    def dead(self: object, *_arguments: object, **_options: object) -> None:
        asked.append(self)
        raise ConnectionError("Redis is dead")

    monkeypatch.setattr("redis.connection.Connection.connect", dead)
    with pytest.raises(ConnectionError):
        redis.Redis().ping()  # so it is, for everybody in this process
    asked.clear()

    for _guess in range(5):
        sign_in(client, mai.email, "wrong-guess")

    assert "Too many" in sign_in(client, mai.email).text
    assert asked == []


def test_a_one_time_code_works_once(db, mai):
    secret = totp.generate_totp_secret()
    authenticator = totp.TOTP.activate(mai, secret)
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))

    first, second = authenticator.validate_code(code), authenticator.validate_code(code)

    assert (first, second) == (True, False)
    assert mfa_adapter() is not None


def test_a_reset_mail_leaves_through_the_outbox_to_our_own_address(client, mai, settings):
    settings.ALLOWED_HOSTS = ["*"]

    client.post(reverse("account_reset_password"), {"email": mai.email}, headers={"host": "evil.example"})

    text = mails.render(Notice.objects.get()).text
    assert re.search(r"http://testserver/accounts/password/reset/key/\S+", text)
    assert "evil.example" not in text


def test_a_reset_link_is_not_readable_in_the_database(client, mai):
    client.post(reverse("account_reset_password"), {"email": mai.email})

    assert "reset/key" not in str(Notice.objects.values())


def test_a_reset_link_works_once(client, mai):
    client.post(reverse("account_reset_password"), {"email": mai.email})
    link = reset_link()

    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], NEW)
    again = Client().get(link, follow=True)

    assert sign_in(Client(), mai.email, "brand-new-phrase").status_code == 302
    assert "password1" not in again.text


def test_known_and_unknown_addresses_get_the_same_answer(mai):
    known = Client().post(reverse("account_reset_password"), {"email": mai.email})
    unknown = Client().post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    wrong = sign_in(Client(), mai.email, "wrong")
    nobody = sign_in(Client(), "nobody@example.com", "wrong")

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert shape(wrong).replace(mai.email, "X") == shape(nobody).replace("nobody@example.com", "X")
    assert {notice.template for notice in Notice.objects.all()} == {
        "accounts/email/password_reset_key",
        "accounts/email/unknown_account",
    }


def test_a_changed_password_is_told_to_its_owner(mai, client):
    client.force_login(mai)
    data = {"oldpassword": PASSWORD, "password1": "brand-new-phrase", "password2": "brand-new-phrase"}

    client.post(reverse("account_change_password"), data)

    notice = Notice.objects.get()
    assert notice.to_address == mai.email
    text = mails.render(notice).text
    assert "The password is a new one. All other sessions and all your API tokens have ended." in text


def changes_the_password(client: Client, person: User) -> None:
    sign_in(client, person.email)
    new = {"oldpassword": PASSWORD, "password1": "brand-new-phrase", "password2": "brand-new-phrase"}

    page = client.post(reverse("account_change_password"), new, follow=True)

    assert "All your other sessions and all your API tokens have ended." in page.text


def follows_a_reset_link(client: Client, person: User) -> None:
    client.post(reverse("account_reset_password"), {"email": person.email})
    form = client.get(reset_link(), follow=True)

    page = client.post(form.redirect_chain[-1][0], NEW, follow=True)

    assert "All your other sessions and all your API tokens have ended." in page.text


@pytest.mark.parametrize("change", [changes_the_password, follows_a_reset_link])
def test_a_new_password_ends_every_other_session_and_every_token(client, mai, ren, change):
    elsewhere, colleague = Client(), Client()
    sign_in(elsewhere, mai.email)
    sign_in(colleague, ren.email)
    by_token, of_colleague = api_call(mai), api_call(ren)
    assert (elsewhere.get("/").status_code, by_token().status_code) == (200, 200)

    change(client, mai)

    assert (elsewhere.get("/").status_code, by_token().status_code) == (302, 401)
    assert (colleague.get("/").status_code, of_colleague().status_code) == (200, 200)


def test_who_changes_the_password_stays_signed_in_here(client, mai):
    changes_the_password(client, mai)

    assert client.get("/").status_code == 200


def test_the_page_of_the_password_says_what_ends(client, mai):
    client.force_login(mai)

    assert "ends all your API tokens" in client.get(reverse("account_change_password")).text


def test_nobody_signs_up(client, db):
    data = {"email": "new@example.com", "password1": "brand-new-phrase", "password2": "brand-new-phrase"}

    client.post(reverse("account_signup"), data)

    assert not User.objects.exists()


def test_a_session_that_was_not_used_ends(client, mai, settings):
    client.force_login(mai)
    client.get("/")
    age(client, seen=settings.SESSION_IDLE_LIMIT + timedelta(minutes=1))

    assert client.get("/").status_code == 302


def test_a_session_in_use_ends_after_a_week(client, mai, settings):
    client.force_login(mai)
    client.get("/")
    age(client, started=settings.SESSION_ABSOLUTE_LIMIT + timedelta(minutes=1))

    assert client.get("/").status_code == 302


def test_a_session_in_use_goes_on(client, mai, settings):
    client.force_login(mai)
    client.get("/")
    age(client, seen=settings.SESSION_IDLE_LIMIT - timedelta(minutes=1))

    assert client.get("/").status_code == 200
    assert timezone.now().timestamp() - client.session[SEEN] < 60


def test_a_session_is_written_at_most_every_five_minutes(client, mai, django_assert_num_queries):
    client.force_login(mai)
    client.get(reverse("accounts:tokens"))
    before = client.session[SEEN]

    client.get(reverse("accounts:tokens"))

    assert client.session[SEEN] == before


def age(client: Client, *, seen: timedelta = timedelta(0), started: timedelta = timedelta(0)) -> None:
    session, now = client.session, timezone.now()
    session[SEEN] = (now - seen).timestamp()
    session[STARTED] = (now - started - seen).timestamp()
    session.save()


def reset_link() -> str:
    """The path of the link in the last mail."""
    text = mails.render(Notice.objects.latest("pk")).text
    return re.search(r"http://testserver(/\S+key/\S+)", text)[1]


def api_call(person: User):
    """A program's request with a token of this person."""
    _token, secret = create_token(person=person, name="x", valid_for=timedelta(days=1), now=timezone.now())
    return partial(Client().get, "/api/v1/handoffs/", headers={"Authorization": f"Token {secret}"})


def shape(answer) -> str:
    return f"{answer.status_code} " + re.sub(r'"[A-Za-z0-9]{64}"', '""', answer.text)


@pytest.mark.parametrize(
    ("page", "language", "said"),
    [
        ("account_signup", "ja", "利用するには、自社の管理者からの招待が必要です。"),
        ("account_signup", "en", "You need an invitation from an admin of your company."),
        ("account_reset_password_done", "ja", "届かない場合は、自社の管理者に連絡してください。"),
        ("account_reset_password_done", "en", "then ask an admin of your company."),
        (LOGIN, "ja", "メールアドレス"),
        (LOGIN, "en", "E-mail address"),
    ],
)
def test_the_door_says_whom_to_ask(page, language, said, client, db):
    answer = client.get(reverse(page), headers={"Accept-Language": language})

    assert said in answer.text.replace("<wbr>", "")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ja", "この招待は使用済みか、期限が切れています。パスワードを設定済みの場合はログインしてください。"),
        ("en", "This invitation was used or has expired. If you have set a password, sign in."),
    ],
)
def test_a_used_invitation_leads_to_the_sign_in_page(language, said, client, db):
    answer = client.get(
        reverse("accounts:invitation-follow", args=["x" * 43]), headers={"Accept-Language": language}, follow=True
    )

    assert said in answer.text
    assert reverse(LOGIN) in answer.text


@pytest.mark.parametrize("word", ["多要素認証", "二要素認証"])
def test_the_second_factor_has_one_name_in_japanese(word):
    with translation.override("ja"):
        said = [str(text) for text in SECOND_FACTOR]

    assert all("二段階認証" in text for text in said)
    assert word not in "".join(said)
