"""What each person does for themselves: profile, absences, tokens, language, theme."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import Absence, ApiToken, User
from alignment.accounts.services import profile, tokens
from alignment.kernel.errors import InvalidInput, NotAllowed, NotFound

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def profile_data(**changes):
    lines = {f"weekly_hours_{index}": "" for index in range(7)}
    person = {"full_name": "Mai", "language": "en", "time_zone": "Asia/Tokyo", "hours_from": "own"}
    return person | lines | changes


def test_a_profile_is_saved(signed_in, mai):
    hours = {f"weekly_hours_{index}": "9:30–12:00、13時〜17時" for index in range(5)}

    answer = signed_in(mai).post(reverse("accounts:profile"), profile_data(full_name="Mai Sato", **hours))

    mai.refresh_from_db()
    assert answer.status_code == 302
    assert mai.full_name == "Mai Sato"
    assert mai.weekly_hours["mon"] == [["09:30", "12:00"], ["13:00", "17:00"]]
    assert set(mai.weekly_hours) == set(DAYS[:5])
    assert mai.shortcuts_enabled is False


def test_the_hours_of_the_team_are_a_choice_whatever_stands_in_the_lines(signed_in, mai):
    mai.weekly_hours = {"mon": [["09:00", "12:00"]]}
    mai.save()

    data = profile_data(hours_from="inherited", weekly_hours_0="nine to five")
    answer = signed_in(mai).post(reverse("accounts:profile"), data)

    mai.refresh_from_db()
    assert answer.status_code == 302
    assert mai.weekly_hours is None


def test_own_hours_begin_with_what_is_in_force(signed_in, ren):
    ren.team.weekly_hours = {day: [["10:00", "16:00"]] for day in DAYS[:4]}
    ren.team.save()

    page = signed_in(ren).get(reverse("accounts:profile")).text.replace("\u2060", "")

    assert "The team&#x27;s hours: Mon–Thu 10:00–16:00" in page
    assert page.count('value="10:00–16:00"') == 4
    assert page.count('placeholder="day off"') == 7
    assert 'placeholder="09:00' not in page


def test_few_working_days_are_asked_about_once(signed_in, mai):
    browser, only_monday = signed_in(mai), profile_data(weekly_hours_0="9-17", weekly_hours_1="休み")

    asked = browser.post(reverse("accounts:profile"), only_monday)
    mai.refresh_from_db()
    hours_before = mai.weekly_hours
    browser.post(reverse("accounts:profile"), only_monday | {"hours_confirmed": "on"})
    later = browser.post(reverse("accounts:profile"), only_monday | {"full_name": "Mai S"})

    mai.refresh_from_db()
    assert asked.status_code == 422
    assert "Only Monday is a working day. Is that right?" in asked.text
    assert 'name="hours_confirmed"' in asked.text
    assert hours_before is None
    assert mai.weekly_hours == {"mon": [["09:00", "17:00"]]}
    assert later.status_code == 302


def test_own_hours_need_a_day(signed_in, mai):
    answer = signed_in(mai).post(reverse("accounts:profile"), profile_data())

    assert answer.status_code == 422
    assert "at least one weekday" in answer.text


@pytest.mark.parametrize("line", ["nine to five", "9-", "18:00-09:00", "09:00-12:00, 11:00-13:00", "25:00-26:00"])
def test_hours_that_make_no_sense_are_refused_with_the_day(signed_in, mai, line):
    answer = signed_in(mai).post(reverse("accounts:profile"), profile_data(weekly_hours_2=line))

    assert answer.status_code == 422
    assert "Wednesday: " in answer.text


def test_a_new_language_shows_at_once(signed_in, mai):
    client = signed_in(mai)

    page = client.post(reverse("accounts:profile"), profile_data(language="ja"), follow=True)

    assert 'lang="ja"' in page.text


def test_an_absence_is_noted_and_taken_back(signed_in, mai):
    client = signed_in(mai)
    data = {"absence-starts_on": "2026-05-01", "absence-ends_on": "2026-05-06", "absence-note": "Golden Week"}

    client.post(reverse("accounts:absence-add", args=[mai.pk]), data)
    absence = Absence.objects.get()
    client.post(reverse("accounts:absence-remove", args=[absence.pk]))

    assert (absence.user, absence.starts_on, absence.ends_on) == (mai, date(2026, 5, 1), date(2026, 5, 6))
    assert not Absence.objects.exists()


def test_days_that_are_noted_already_are_refused(mai, now):
    first = {"person_id": mai.pk, "note": "", "actor": mai, "now": now}
    profile.add_absence(starts_on=date(2026, 5, 1), ends_on=date(2026, 5, 6), **first)

    with pytest.raises(InvalidInput):
        profile.add_absence(starts_on=date(2026, 5, 6), ends_on=date(2026, 5, 7), **first)


def test_an_absence_that_ends_before_it_starts_is_refused_on_its_page(signed_in, mai):
    data = {"absence-starts_on": "2026-05-06", "absence-ends_on": "2026-05-01"}

    answer = signed_in(mai).post(reverse("accounts:absence-add", args=[mai.pk]), data)

    assert answer.status_code == 422
    assert "must not be before" in answer.text


@pytest.mark.parametrize(("planner", "may"), [("sora", True), ("kei", True), ("aoi", False), ("riku", False)])
def test_absences_are_planned_by_oneself_ones_manager_and_admins(request, ren, planner, may, now):
    actor = request.getfixturevalue(planner)
    values = {"person_id": ren.pk, "starts_on": date(2026, 5, 1), "ends_on": date(2026, 5, 1), "note": "", "now": now}

    if may:
        assert profile.add_absence(**values, actor=actor).user == ren
    else:
        with pytest.raises(NotAllowed):
            profile.add_absence(**values, actor=actor)


def test_a_token_is_shown_once_and_signs_in(signed_in, mai, client):
    browser = signed_in(mai)

    asks = browser.post(reverse("accounts:token-create"), {"name": "Export", "days": "30", "scopes": ["read"]})
    page = browser.post(asks["Location"], {"password": "correct-horse-battery"})
    later = browser.get(reverse("accounts:tokens"))
    secret = page.context["secret"]

    assert secret in page.text
    assert secret not in later.text
    assert "Export" in later.text
    assert client.get("/api/v1/handoffs/", headers={"Authorization": f"Token {secret}"}).status_code == 200
    assert ApiToken.objects.get().last_used_at is not None


def test_a_token_needs_the_password_again(signed_in, mai):
    browser = signed_in(mai)

    asks = browser.post(reverse("accounts:token-create"), {"name": "Export", "days": "30", "scopes": ["read"]})
    refused = browser.post(asks["Location"], {"password": "wrong"})

    assert asks["Location"].startswith(reverse("account_reauthenticate"))
    assert refused.status_code in {200, 422}
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_refused_at_once(signed_in, mai, client, now):
    token, secret = tokens.create_token(person=mai, name="x", valid_for=timedelta(days=1), now=now)

    signed_in(mai).post(reverse("accounts:token-revoke", args=[token.token_key]))

    assert client.get("/api/v1/handoffs/", headers={"Authorization": f"Token {secret}"}).status_code == 401


def test_an_ended_token_is_refused(mai, client, now):
    token, secret = tokens.create_token(person=mai, name="x", valid_for=timedelta(days=1), now=now)
    ApiToken.objects.filter(pk=token.pk).update(expiry=timezone.now() - timedelta(seconds=1))

    assert client.get("/api/v1/handoffs/", headers={"Authorization": f"Token {secret}"}).status_code == 401


def test_nobody_revokes_the_token_of_another(mai, ren, now):
    token, _secret = tokens.create_token(person=mai, name="x", valid_for=timedelta(days=1), now=now)

    with pytest.raises(NotFound):
        tokens.revoke_token(token_key=token.token_key, actor=ren, now=now)


def test_the_token_itself_is_in_no_row(mai, now):
    _token, secret = tokens.create_token(person=mai, name="x", valid_for=timedelta(days=1), now=now)

    assert secret not in str(ApiToken.objects.values())


def test_the_command_prints_a_token_and_nothing_else(mai, client):
    out = StringIO()

    call_command("create_token", mai.email.upper(), stdout=out)

    header = {"Authorization": f"Token {out.getvalue().strip()}"}
    assert client.get("/api/v1/handoffs/", headers=header).status_code == 200


def test_the_command_refuses_an_unknown_address_and_a_person_who_is_shut_out(mai):
    User.objects.filter(pk=mai.pk).update(is_active=False)

    for email in ("nobody@example.com", mai.email):
        with pytest.raises(CommandError):
            call_command("create_token", email, stdout=StringIO())


def test_the_api_answers_in_the_language_of_the_token_s_person(mai, client, now):
    User.objects.filter(pk=mai.pk).update(language="ja")
    _token, secret = tokens.create_token(person=mai, name="x", valid_for=timedelta(days=1), now=now)

    answer = client.get("/api/v1/handoffs/0/", headers={"Authorization": f"Token {secret}"})

    assert answer.status_code == 404
    assert answer["Content-Language"] == "ja"


def test_a_visitor_chooses_a_language(client, db):
    client.post(reverse("set_language"), {"language": "ja", "next": "/accounts/login/"})

    assert 'lang="ja"' in client.get(reverse("account_login")).text


def test_a_person_s_language_goes_along_to_another_browser(signed_in, mai):
    signed_in(mai).post(reverse("set_language"), {"language": "ja"})

    mai.refresh_from_db()
    assert mai.language == "ja"
    assert 'lang="ja"' in signed_in(mai).get(reverse("accounts:profile")).text


def test_a_theme_is_kept_in_the_browser(signed_in, mai):
    client = signed_in(mai)

    client.post(reverse("set_theme"), {"theme": "dark"})

    assert 'data-bs-theme="dark"' in client.get(reverse("accounts:profile")).text


def test_shortcuts_are_switched_off(signed_in, mai):
    client = signed_in(mai)

    client.post(reverse("set_shortcuts"), {"enabled": "0", "next": "/settings/profile/"})

    assert 'data-shortcuts="off"' in client.get(reverse("accounts:profile")).text


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "http:///evil.example"],
)
@pytest.mark.parametrize(("name", "data"), [("set_language", {"language": "ja"}), ("set_theme", {"theme": "dark"})])
def test_after_a_choice_one_never_leaves_this_site(client, db, wanted, name, data):
    assert client.post(reverse(name), data | {"next": wanted})["Location"] == "/"


@pytest.mark.parametrize(("name", "data"), [("set_language", {"language": "xx"}), ("set_theme", {"theme": "<b>"})])
def test_a_choice_that_does_not_exist_is_refused(client, db, name, data):
    assert client.post(reverse(name), data).status_code == 400


@pytest.mark.parametrize("name", ["set_language", "set_theme", "set_shortcuts"])
def test_nothing_changes_by_get(signed_in, mai, name):
    assert signed_in(mai).get(reverse(name)).status_code == 405


def test_every_page_offers_language_theme_and_shortcuts(signed_in, mai):
    page = signed_in(mai).get(reverse("accounts:profile")).text

    for name in ("set_language", "set_theme", "set_shortcuts", "account_logout"):
        assert f'action="{reverse(name)}"' in page


def test_the_list_of_keys_says_where_the_menu_is(signed_in, mai):
    assert "under your name, at the bottom of the navigation" in signed_in(mai).get(reverse("accounts:profile")).text
