"""Routing rules, reasons and times: everybody reads them, managers and admins change them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from handoff.models import RejectionReason, RoutingRule, SlaPolicy
from tests import factories

OVERVIEW = reverse("handoff:agreements")
ADD = reverse("handoff:rule-add")
EDITORS = [("aoi", True), ("sora", True), ("kei", True), ("mai", False), ("ren", False)]


@pytest.mark.parametrize(("person", "may"), EDITORS)
def test_everybody_reads_and_some_change(person, may, rule, request, signed_in, agreements):
    client = signed_in(request.getfixturevalue(person))
    pages = [
        ADD,
        reverse("handoff:rule", args=[rule.pk]),
        reverse("handoff:reason", args=["timing"]),
        reverse("handoff:policy", args=["decide"]),
    ]

    assert client.get(OVERVIEW).status_code == 200
    assert (ADD in client.get(OVERVIEW).text) == may
    assert [client.get(page).status_code for page in pages] == [200 if may else 403] * 4
    assert client.post(reverse("handoff:rule-switch", args=[rule.pk]), {"on": "0"}).status_code == (302 if may else 403)
    assert RoutingRule.objects.get().is_active != may


def test_a_rule_is_added_with_one_condition(aoi, field_sales, signed_in, agreements):
    given = {
        "name": "Kyoto",
        "field": "prefecture",
        "op": "in",
        "value": "京都府、大阪府",
        "team": field_sales.pk,
        "position": 1,
    }

    answer = signed_in(aoi).post(ADD, given, follow=True)

    assert RoutingRule.objects.get().condition == {"field": "prefecture", "op": "in", "value": ["京都府", "大阪府"]}
    assert "When prefecture is one of “京都府”, “大阪府”, offer to Field sales." in answer.text


CONDITIONS = [
    ({}, {"all": []}),
    (
        {"field": "employees", "op": "at_least", "value": "1,000"},
        {"field": "employees", "op": "at_least", "value": 1000},
    ),
    ({"field": "is_key_account", "op": "is_true", "value": "x"}, {"field": "is_key_account", "op": "is_true"}),
    ({"field": "source", "op": "is", "value": "Web"}, {"field": "source", "op": "is", "value": "Web"}),
    (
        {"field": "captured_at", "op": "within_days", "value": "30"},
        {"field": "captured_at", "op": "within_days", "value": 30},
    ),
]


@pytest.mark.parametrize(("given", "kept"), CONDITIONS)
def test_the_row_becomes_the_condition(given, kept, aoi, field_sales, signed_in, agreements):
    signed_in(aoi).post(ADD, {"name": "R", "team": field_sales.pk, "position": 1} | given)

    assert RoutingRule.objects.get().condition == kept


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"field": "employees", "op": "contains", "value": "1"}, "This operator does not fit the field."),
        ({"field": "employees", "op": "at_least", "value": "many"}, "Expected a number."),
        ({"field": "source", "op": "is", "value": ""}, "Expected a text"),
        ({"field": "password", "op": "is", "value": "x"}, "Select a valid choice"),
        ({"name": ""}, "Enter a name for the rule."),
        ({"team": ""}, "Choose the team that is asked."),
    ],
)
def test_a_rule_that_cannot_be_read_is_not_kept(given, said, aoi, field_sales, signed_in, agreements):
    answer = signed_in(aoi).post(ADD, {"name": "R", "team": field_sales.pk, "position": 1} | given)

    assert (answer.status_code, said in answer.text) == (422, True)
    assert not RoutingRule.objects.exists()


def test_a_team_of_marketing_cannot_be_asked(aoi, signed_in, agreements):
    team = factories.team(name="Content", side="marketing")

    assert signed_in(aoi).post(ADD, {"name": "R", "team": team.pk, "position": 1}).status_code == 422


def test_changing_a_rule_shows_what_is_there_first(rule, aoi, field_sales, signed_in):
    address = reverse("handoff:rule", args=[rule.pk])
    client = signed_in(aoi)

    assert rule.name in client.get(address).text
    client.post(address, {"name": "New name", "team": field_sales.pk, "position": 7})

    rule.refresh_from_db()
    assert (rule.name, rule.position) == ("New name", 7)


def test_a_condition_of_several_parts_is_read_but_not_changed_here(aoi, field_sales, signed_in, agreements):
    part = {"field": "source", "op": "is", "value": "Web"}
    rule = factories.routing_rule(field_sales, condition={"any": [part, part]})

    assert "source is “Web” or source is “Web”" in signed_in(aoi).get(OVERVIEW).text
    assert signed_in(aoi).get(reverse("handoff:rule", args=[rule.pk])).status_code == 404


def test_a_rule_on_a_field_that_is_gone_is_shown_with_its_fault(rule, aoi, signed_in):
    RoutingRule.objects.update(condition={"field": "gone", "op": "is", "value": "x"})

    assert "This rule fits no lead any more" in signed_in(aoi).get(OVERVIEW).text


def test_a_reason_is_changed(aoi, signed_in, agreements):
    given = {
        "label_ja": "時期",
        "label_en": "Timing",
        "next_step": "recycle",
        "recycle_days": 60,
        "position": 0,
        "is_active": "on",
    }

    signed_in(aoi).post(reverse("handoff:reason", args=["timing"]), given)

    reason = RejectionReason.objects.get(code="timing")
    assert (reason.label_en, reason.recycle_days, reason.needs_comment) == ("Timing", 60, False)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("no_fit", "closed: marketing stops writing to them"),
        ("duplicate", "closed here: the colleague who is in contact goes on"),
    ],
)
def test_closing_is_said_alike_in_the_rules_and_where_they_are_changed(code, said, aoi, signed_in, agreements):
    client = signed_in(aoi)

    assert said in client.get(OVERVIEW).text
    page = client.get(reverse("handoff:reason", args=[code])).text
    assert said in page
    assert "not to be contacted again" not in page


def test_the_last_reason_in_use_stays(aoi, signed_in, agreements):
    RejectionReason.objects.exclude(code="timing").update(is_active=False)
    given = {"label_ja": "時期", "label_en": "Timing", "next_step": "recycle", "recycle_days": 60, "position": 0}

    answer = signed_in(aoi).post(reverse("handoff:reason", args=["timing"]), given)

    assert (answer.status_code, "One reason has to stay in use." in answer.text) == (422, True)


@pytest.mark.parametrize(("hours", "minutes"), [("4", 240), ("0.5", 30), ("0", 480), ("-1", 480), ("x", 480)])
def test_a_time_is_changed_in_hours(hours, minutes, aoi, signed_in, agreements):
    signed_in(aoi).post(reverse("handoff:policy", args=["decide"]), {"hours": hours})

    assert SlaPolicy.objects.get(duty="decide").business_minutes == minutes


def test_a_clock_that_runs_keeps_its_deadline(offer, aoi, signed_in):
    signed_in(aoi).post(reverse("handoff:policy", args=["decide"]), {"hours": "1"})

    assert offer.clocks.get().due_at == offer.decide_by
