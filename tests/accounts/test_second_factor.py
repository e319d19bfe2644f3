"""Who must set up a second factor gets nowhere else before; everybody else notices nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import ApiToken
from alignment.accounts.services.tokens import create_token
from tests.accounts.second_factors import an_app_for, code_of

PASSWORD = "correct-horse-battery"
PEOPLE = ("mai", "ren", "aoi", "sora", "kei")


def entered(person) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return client


@pytest.fixture
def managers_only(settings) -> None:
    settings.REQUIRE_MFA = "managers"


@pytest.mark.parametrize(
    ("who", "concerned"),
    [("nobody", set()), ("managers", {"aoi", "sora", "kei"}), ("everyone", set(PEOPLE))],
)
def test_the_setting_says_who_is_led_to_the_set_up(request, settings, who, concerned):
    people = {name: request.getfixturevalue(name) for name in PEOPLE}
    settings.REQUIRE_MFA = who

    answers = {name: entered(person).get("/") for name, person in people.items()}

    led = {name for name, answer in answers.items() if answer.status_code == 302}
    assert led == concerned
    assert {answers[name]["Location"] for name in led} <= {reverse("accounts:second-factor")}


@pytest.mark.parametrize("path", ["/leads/", "/settings/tokens/", "/django-admin/", "/settings/profile/"])
def test_no_page_opens_before(managers_only, kei, path):
    assert entered(kei).get(path)["Location"] == reverse("accounts:second-factor")


def test_no_token_is_made_before(managers_only, kei):
    entered(kei).post(reverse("accounts:token-create"), {"name": "x", "days": "30"})

    assert not ApiToken.objects.exists()


def test_a_fragment_makes_the_browser_load_the_page(managers_only, kei):
    answer = entered(kei).get(reverse("accounts:members"), headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == reverse("accounts:second-factor")


def test_the_api_refuses_a_browser_and_serves_a_token(managers_only, kei, client):
    _token, secret = create_token(person=kei, name="x", valid_for=timedelta(days=1), now=timezone.now())

    by_browser = entered(kei).get("/api/v1/handoffs/")
    by_token = client.get("/api/v1/handoffs/", headers={"Authorization": f"Token {secret}"})

    assert (by_browser.status_code, by_browser.json()["errors"][0]["code"]) == (403, "second_factor_required")
    assert by_token.status_code == 200


def test_the_page_says_why_and_leads_through_the_set_up_to_the_recovery_codes(managers_only, aoi):
    client = entered(aoi)
    explained = client.get("/", follow=True)
    asks = client.get(reverse("mfa_activate_totp"))
    set_up = client.post(asks["Location"], {"password": PASSWORD}, follow=True)
    secret = set_up.context["form"].secret

    done = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}, follow=True)

    assert "a stolen password alone then opens nothing" in explained.text
    assert reverse("mfa_activate_totp") in explained.text
    assert done.redirect_chain == [(reverse("mfa_view_recovery_codes"), 302)]
    assert client.get("/").status_code == 200
    assert client.get(reverse("accounts:second-factor"))["Location"] == "/"


@pytest.mark.parametrize("name", ["account_reauthenticate", "mfa_index", "account_logout", "health:live"])
def test_the_way_through_and_the_way_out_stay_open(managers_only, aoi, name):
    assert entered(aoi).get(reverse(name)).status_code == 200


def test_the_language_can_be_changed_before(managers_only, aoi):
    client = entered(aoi)

    client.post(reverse("set_language"), {"language": "ja"})

    assert 'lang="ja"' in client.get("/", follow=True).text


def test_recovery_codes_alone_are_no_second_factor(managers_only, aoi):
    RecoveryCodes.activate(aoi)

    assert entered_with_session(aoi).get("/").status_code == 302


def test_whoever_came_by_single_sign_on_is_the_provider_s_matter(managers_only, aoi):
    client = entered_with_session(aoi)
    session = client.session
    session["account_authentication_methods_user"] = str(aoi.pk)
    session["account_authentication_methods"] = [{"method": "socialaccount", "at": 0, "provider": "sso", "uid": "1"}]
    session.save()

    assert client.get("/").status_code == 200


def test_the_code_is_asked_for_at_the_next_sign_in(managers_only, aoi):
    secret = an_app_for(aoi)
    client = entered(aoi)

    assert client.get("/").status_code == 302
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert client.get("/").status_code == 200


def entered_with_session(person) -> Client:
    client = Client()
    client.force_login(person)
    return client
