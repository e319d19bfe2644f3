"""Where an offer goes, and that it says why."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from django.utils import translation

from alignment.accounts.calendars import Calendars
from handoff.models import RoutingRule
from handoff.selectors.sentences import why_here
from handoff.services import offers, routing
from tests import factories
from tests.conftest import TOKYO

KYOTO = {"field": "prefecture", "op": "is", "value": "Kyoto"}


def test_the_first_rule_that_fits_wins(lead, field_sales, inside_sales, rei, ren, now):
    factories.routing_rule(inside_sales, position=1, name="Kyoto", condition=KYOTO)
    factories.routing_rule(field_sales, position=2, name="Everything else")

    route = routing.route(lead=lead, now=now, calendars=Calendars.load())

    assert (route.user, route.team) == (ren, field_sales)
    assert [(step["name"], step["matched"]) for step in route.stamp["tried"]] == [
        ("Kyoto", False),
        ("Everything else", True),
    ]


def test_the_rules_are_tried_in_their_order_and_not_by_age(lead, field_sales, inside_sales, rei, ren, now):
    factories.routing_rule(field_sales, position=2)
    factories.routing_rule(inside_sales, position=1)

    assert routing.route(lead=lead, now=now, calendars=Calendars.load()).user == rei


def test_a_rule_out_of_use_is_not_tried(lead, field_sales, ren, now):
    factories.routing_rule(field_sales, is_active=False)

    route = routing.route(lead=lead, now=now, calendars=Calendars.load())

    assert (route.team, route.stamp["tried"]) == (None, [])


def test_a_rule_on_a_field_that_is_gone_fits_nobody_and_says_so(lead, field_sales, ren, now):
    broken = factories.routing_rule(field_sales, position=1)
    RoutingRule.objects.filter(pk=broken.pk).update(condition={"field": "gone", "op": "is", "value": "x"})
    factories.routing_rule(field_sales, position=2)

    route = routing.route(lead=lead, now=now, calendars=Calendars.load())

    assert route.user == ren
    assert [step.get("fault", False) for step in route.stamp["tried"]] == [True, False]


def test_thirty_offers_over_three_reps_are_ten_each(make_lead, rule, mai, ren, riku, field_sales, now):
    third = factories.user("ryo", role="sales_rep", side="sales", team=field_sales)

    got = Counter(offers.hand_over(lead_id=make_lead().pk, actor=mai, now=now).offered_to for _n in range(30))

    assert got == {ren: 10, riku: 10, third: 10}


def test_somebody_who_is_away_gets_none_and_the_others_share(make_lead, rule, mai, ren, riku, field_sales, now):
    third = factories.user("ryo", role="sales_rep", side="sales", team=field_sales)
    third.absences.create(starts_on=now.date(), ends_on=now.date())

    got = Counter(offers.hand_over(lead_id=make_lead().pk, actor=mai, now=now).offered_to for _n in range(30))

    assert got == {ren: 15, riku: 15}


def test_only_active_reps_of_the_team_are_asked(make_lead, rule, mai, ren, riku, sora, rei, field_sales, now):
    riku.is_active = False
    riku.save()
    sora.team = field_sales
    sora.save()

    got = {offers.hand_over(lead_id=make_lead().pk, actor=mai, now=now).offered_to for _n in range(4)}

    assert got == {ren}


def test_the_day_of_an_absence_is_the_day_where_the_person_is(lead, rule, ren, now):
    ren.time_zone = "America/Los_Angeles"  # at eight in Tokyo still the afternoon of the 31st of March there
    ren.save()
    ren.absences.create(starts_on=now.date(), ends_on=now.date())

    assert routing.route(lead=lead, now=now.replace(hour=8), calendars=Calendars.load()).user == ren


def test_with_everybody_away_the_team_is_asked(team_offer, field_sales):
    assert (team_offer.offered_to, team_offer.team) == (None, field_sales)
    assert team_offer.routing["reason_code"] == "nobody_available"
    assert "nobody of Field sales was available" in why_here(team_offer.routing)


def test_with_no_rule_all_of_sales_is_asked(lead, mai, now):
    offer = offers.hand_over(lead_id=lead.pk, actor=mai, now=now)

    assert (offer.offered_to, offer.team) == (None, None)
    assert why_here(offer.routing) == "No routing rule fits this lead, so all of sales is asked."


def test_the_reason_reads_in_both_languages_and_keeps_the_names_of_that_day(offer, rule, ren, field_sales):
    RoutingRule.objects.filter(pk=rule.pk).update(name="Renamed")

    english = why_here(offer.routing)

    assert rule.name in english
    assert "Ren" in english
    with translation.override("ja"):
        assert "Ren" in why_here(offer.routing)


def test_a_turn_is_taken_only_where_somebody_is_chosen(team_offer, rule):
    assert rule.slots.count() == 0


def test_many_rules_cost_one_query_to_try(lead, field_sales, inside_sales, django_assert_num_queries, now):
    for position in range(20):
        factories.routing_rule(inside_sales, position=position, condition=KYOTO)

    calendars = Calendars.load()

    with django_assert_num_queries(2):  # the rules, and all their answers
        routing.route(lead=lead, now=now, calendars=calendars)


def test_who_is_away_when_work_begins_again_is_not_asked_on_friday_night(lead, rule, ren, riku, mai):
    friday_night = datetime(2026, 4, 3, 20, 0, tzinfo=TOKYO)
    ren.absences.create(starts_on=date(2026, 4, 4), ends_on=date(2026, 4, 17))

    offer = offers.hand_over(lead_id=lead.pk, actor=mai, now=friday_night)

    assert offer.offered_to == riku
