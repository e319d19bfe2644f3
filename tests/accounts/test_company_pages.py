"""The company's settings, teams and days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import CompanyDay, Organisation, Team
from alignment.accounts.selectors import special_days
from alignment.accounts.services import organisation as services
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed, NotFound
from tests import factories


@pytest.fixture
def settings_data():
    lines = {f"weekly_hours_{index}": "09:00-17:30" for index in range(4)}
    rest = {f"weekly_hours_{index}": "" for index in range(4, 7)}
    return (
        {
            "name": "山田製作所",
            "default_language": "en",
            "time_zone": "Europe/London",
            "currency": "EUR",
            "fiscal_year_start_month": "1",
            "holiday_country": "GB",
        }
        | lines
        | rest
    )


def test_an_admin_changes_the_company(signed_in, kei, settings_data):
    answer = signed_in(kei).post(reverse("accounts:organisation"), settings_data)

    saved = Organisation.get()
    assert answer.status_code == 302
    assert (saved.name, saved.time_zone, saved.currency) == ("山田製作所", "Europe/London", "EUR")
    assert (saved.fiscal_year_start_month, saved.holiday_country) == (1, "GB")
    assert set(saved.weekly_hours) == {"mon", "tue", "wed", "thu"}


def test_a_company_may_know_no_public_holidays(signed_in, kei, settings_data):
    signed_in(kei).post(reverse("accounts:organisation"), settings_data | {"holiday_country": ""})

    assert Organisation.get().holiday_country == ""


def test_a_company_without_working_hours_is_refused(signed_in, kei, settings_data):
    nothing = {f"weekly_hours_{index}": "" for index in range(7)}

    page = signed_in(kei).post(reverse("accounts:organisation"), settings_data | nothing)

    assert page.status_code == 422
    assert "at least one weekday" in page.text


def test_a_company_with_two_working_days_is_asked_about(signed_in, kei, settings_data):
    two_days = settings_data | {"weekly_hours_2": "", "weekly_hours_3": ""}

    asked = signed_in(kei).post(reverse("accounts:organisation"), two_days)
    answer = signed_in(kei).post(reverse("accounts:organisation"), two_days | {"hours_confirmed": "on"})

    assert asked.status_code == 422
    assert "Only Monday and Tuesday are working days." in asked.text
    assert answer.status_code == 302


def test_the_form_shows_what_is_saved(signed_in, kei):
    page = signed_in(kei).get(reverse("accounts:organisation")).text

    assert 'value="09:00–12:00, 13:00–18:00"' in page
    assert '<option value="Asia/Tokyo" selected>' in page
    assert '<option value="4" selected>April' in page


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_long_lists_are_in_the_reader_s_language(signed_in, kei, language):
    kei.language = language
    kei.save()

    page = signed_in(kei).get(reverse("accounts:organisation")).text

    assert ("4月" in page) is (language == "ja")
    assert ("東京" in page) is (language == "ja")


@pytest.mark.parametrize("who", ["mai", "ren", "aoi", "sora"])
def test_only_admins_change_the_company(request, who, now):
    with pytest.raises(NotAllowed):
        services.add_company_day(
            on=date(2026, 8, 13), kind="closed", name="", actor=request.getfixturevalue(who), now=now
        )


def test_a_team_is_made_changed_and_removed(signed_in, kei):
    client = signed_in(kei)
    lines = {f"weekly_hours_{index}": "" for index in range(7)}

    client.post(reverse("accounts:team-new"), {"name": "East", "side": "sales", "hours_from": "inherited"} | lines)
    team = Team.objects.get()
    client.post(
        reverse("accounts:team-edit", args=[team.pk]),
        {"name": "West", "side": "sales", "hours_from": "own", "hours_confirmed": "on"}
        | lines
        | {"weekly_hours_0": "10-18"},
    )
    team.refresh_from_db()
    client.post(reverse("accounts:team-remove", args=[team.pk]))

    assert (team.name, team.weekly_hours) == ("West", {"mon": [["10:00", "18:00"]]})
    assert not Team.objects.exists()


def test_a_name_that_is_taken_is_refused(kei, field_sales, now):
    with pytest.raises(InvalidInput) as refused:
        services.save_team(team_id=None, name="FIELD SALES", side="sales", weekly_hours=None, actor=kei, now=now)

    assert refused.value.field == "name"


def test_a_team_with_members_keeps_its_side(kei, ren, now):
    with pytest.raises(InvalidInput) as refused:
        services.save_team(
            team_id=ren.team_id, name="Field sales", side="marketing", weekly_hours=None, actor=kei, now=now
        )

    assert refused.value.field == "side"


def test_a_team_with_members_is_not_removed(signed_in, kei, ren):
    answer = signed_in(kei).post(reverse("accounts:team-remove", args=[ren.team_id]))

    assert answer.status_code == 409
    assert Team.objects.filter(pk=ren.team_id).exists()


def test_a_team_that_a_rule_names_is_not_removed(kei, field_sales, now):
    from handoff.models import RoutingRule

    RoutingRule.objects.create(name="All", team=field_sales, position=1)

    with pytest.raises(DomainError) as refused:
        services.remove_team(team_id=field_sales.pk, actor=kei, now=now)

    assert refused.value.code == "team_in_use"


def test_the_teams_show_their_active_members(signed_in, ren, riku, mai):
    riku.is_active = False
    riku.save()

    answer = signed_in(mai).get(reverse("accounts:teams"))

    assert [team.member_count for team in answer.context["teams"]] == [1]


def test_the_year_lists_public_holidays_by_name(db):
    days = special_days(year=2026, organisation=Organisation.get(), language="en")

    assert (date(2026, 1, 1), "New Year's Day") in [(day.on, day.name) for day in days]
    assert all(day.kind == "holiday" for day in days)


def test_an_own_day_wins_over_a_public_one(kei, now):
    services.add_company_day(on=date(2026, 11, 3), kind="open", name="", actor=kei, now=now)

    (day,) = [
        day
        for day in special_days(year=2026, organisation=Organisation.get(), language="en")
        if day.on.month == 11 and day.on.day == 3
    ]

    assert (day.kind, day.holiday, day.is_closed) == ("open", "Culture Day", False)


def test_a_closed_day_counts_no_business_time(kei, now):
    before = Calendars.load().of_organisation().add(now, timedelta(hours=8))

    services.add_company_day(on=now.date() + timedelta(days=1), kind="closed", name="Party", actor=kei, now=now)

    assert Calendars.load().of_organisation().add(now, timedelta(hours=8)) > before


def test_a_day_is_added_and_removed_on_the_page(signed_in, kei):
    client = signed_in(kei)
    data = {"on": "2026-08-13", "kind": "closed", "name": "Summer holiday"}

    page = client.post(reverse("accounts:company-days"), data, follow=True)
    twice = client.post(reverse("accounts:company-days"), data)
    client.post(reverse("accounts:company-day-remove", args=[CompanyDay.objects.get().pk]))

    assert "Summer holiday" in page.text
    assert page.context["year"] == 2026
    assert twice.status_code == 422
    assert not CompanyDay.objects.exists()


def test_a_day_that_is_not_in_the_list_cannot_be_removed(kei, now):
    with pytest.raises(NotFound):
        services.remove_company_day(day_id=0, actor=kei, now=now)


def test_everybody_may_read_the_year_and_only_admins_see_the_form(signed_in, mai, kei):
    assert 'name="on"' not in signed_in(mai).get(reverse("accounts:company-days")).text
    assert 'name="on"' in signed_in(kei).get(reverse("accounts:company-days")).text


@pytest.mark.parametrize("year", ["", "abc", "1", "99999", "-5", "2026x"])
def test_a_year_that_makes_no_sense_is_this_one(signed_in, mai, year):
    assert signed_in(mai).get(reverse("accounts:company-days"), {"year": year}).status_code == 200


def test_factories_make_valid_teams(db):
    factories.team().full_clean()
