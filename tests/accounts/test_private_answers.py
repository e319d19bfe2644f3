"""What a signed-in person gets is kept by no cache, so that Back after signing out shows nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.services.tokens import create_token

FRAGMENT = {"HX-Request": "true"}


@pytest.mark.parametrize("path", ["/", "/leads/", "/settings/profile/", "/no-such-page/", "/settings/people/invite/"])
def test_no_page_of_somebody_signed_in_is_kept(signed_in, mai, path):
    assert signed_in(mai).get(path)["Cache-Control"] == "no-store"


def test_no_fragment_is_kept(signed_in, mai):
    answer = signed_in(mai).get(reverse("accounts:members"), headers=FRAGMENT)

    assert "<html" not in answer.text
    assert answer["Cache-Control"] == "no-store"


def test_no_answer_to_a_change_is_kept(signed_in, mai):
    answer = signed_in(mai).post(reverse("set_shortcuts"), {"enabled": "0"})

    assert (answer.status_code, answer["Cache-Control"]) == (302, "no-store")


@pytest.mark.parametrize("path", ["/api/v1/handoffs/", "/api/v1/handoffs/0/", "/api/v1/schema/"])
def test_no_answer_of_the_api_is_kept(signed_in, mai, path):
    _token, secret = create_token(person=mai, name="x", valid_for=timedelta(days=1), now=timezone.now())

    by_token = Client().get(path, headers={"Authorization": f"Token {secret}"})
    by_session = signed_in(mai).get(path)

    assert by_token.status_code == by_session.status_code in {200, 404}
    assert by_token["Cache-Control"] == by_session["Cache-Control"] == "no-store"


def test_a_page_for_everybody_may_be_kept(client, db):
    answer = client.get(reverse("account_reset_password_done"))

    assert "no-store" not in answer.headers.get("Cache-Control", "")


def test_static_files_are_kept_for_somebody_signed_in_too(mai, settings):
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    client = Client()
    client.force_login(mai)

    answer = client.get("/static/css/accounts.css")

    assert answer.status_code == 200
    assert "no-store" not in answer["Cache-Control"]


def test_htmx_keeps_no_pages_for_its_history(signed_in, mai):
    page = signed_in(mai).get("/").text

    assert '"historyCacheSize":0' in page
    assert '"refreshOnHistoryMiss":true' in page
