"""The first page and what stands around every page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from alignment.health import checks
from alignment.health import services as health
from alignment.home.work import MOST, needs_me_now
from alignment.outbox.models import Notice, NoticeState
from leads.models import ImportJob
from leads.services import definitions, duplicates
from tests import factories
from tests.leads import definition_steps as steps


@pytest.fixture
def running(db):
    """Worker and scheduler live."""
    health.note(*checks.HEARTBEATS, now=timezone.now())


def labels(answer) -> list[str]:
    return [item.label for item in answer.context["navigation"]]


@pytest.mark.parametrize("who", ["mai", "ren", "aoi", "sora", "kei"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_role_has_a_first_page_in_both_languages(request, signed_in, running, who, language):
    person = request.getfixturevalue(who)
    person.language = language
    person.save()

    page = signed_in(person).get("/")

    assert page.status_code == 200
    assert f'lang="{language}"' in page.text


def test_a_rep_finds_the_offers_to_decide(signed_in, running, ren, now):
    lead = factories.qualified_lead(full_name="Hanako Tanaka")
    factories.handoff(lead, offered_to=ren, team=ren.team)

    assert "Decide on Hanako Tanaka" in signed_in(ren).get("/").text


def test_a_marketer_finds_the_leads_to_hand_over(running, mai, now):
    factories.qualified_lead()

    assert "Hand over 1 qualified lead" in [work.text for work in needs_me_now(mai, now=now)]


def test_a_marketer_finds_possible_duplicates_and_a_rep_does_not(running, mai, ren, now):
    acme = factories.account("Acme")
    twins = [factories.lead(full_name="Taro", email="", company_name="Acme", account=acme) for _twin in range(2)]
    duplicates.look(lead_ids=[lead.pk for lead in twins], now=now)

    assert "Look at 1 pair of leads that may be one person" in [work.text for work in needs_me_now(mai, now=now)]
    assert needs_me_now(ren, now=now) == []


def test_whoever_had_a_file_checked_is_reminded_of_it_and_nobody_else(running, mai, aoi, now):
    facts = {"kind": "leads", "file_name": "fair.csv", "sha256": "", "at": now, "source_system": "Fair"}
    job = ImportJob.objects.create(actor=mai, state=ImportJob.State.CHECKED, **facts)
    ImportJob.objects.create(actor=mai, state=ImportJob.State.DONE, **facts)

    (work,) = needs_me_now(mai, now=now)

    assert (work.text, work.url) == (
        "Take the rows of fair.csv, or drop them",
        reverse("leads:import-detail", args=[job.pk]),
    )
    assert needs_me_now(aoi, now=now) == []


def test_an_admin_finds_the_mails_that_were_given_up(running, kei, now):
    Notice.objects.create(to_address="a@b.example", created_at=now, next_at=now, state=NoticeState.DEAD)

    (work,) = [work for work in needs_me_now(kei, now=now) if work.icon == "mail"]

    assert work.url == reverse("health:operations")


def test_nothing_to_do_is_said_kindly(signed_in, running, ren):
    assert "Nothing waits for you" in signed_in(ren).get("/").text


def test_at_most_seven_things_are_asked(running, sora, now):
    for number in range(20):
        factories.handoff(factories.qualified_lead(full_name=f"Lead {number}"))

    assert len(needs_me_now(sora, now=now)) <= MOST


@pytest.mark.parametrize(
    ("seconds", "value", "unit"),
    [(None, "–", ""), (3600, "1", "business hour"), (3700, "1", "business hour"), (5400, "1.5", "business hours")],
)
def test_a_figure_without_a_value_has_no_unit_and_one_is_one(signed_in, running, ren, seconds, value, unit):
    if seconds is not None:
        at = timezone.now()
        factories.handoff(status="accepted", offered_at=at, decided_at=at, business_seconds_to_decide=seconds)

    tiles = {tile.name: tile for tile in signed_in(ren).get("/").context["tiles"]}

    tile = tiles["Time to decide (median)"]
    assert (tile.value, tile.unit) == (value, unit)


def test_the_way_to_the_inbox_is_for_those_who_decide(signed_in, running, ren, mai):
    assert "Inbox" in labels(signed_in(ren).get("/"))
    assert "Inbox" not in labels(signed_in(mai).get("/"))


def test_the_page_one_is_on_is_marked(signed_in, running, mai):
    items = signed_in(mai).get(reverse("accounts:profile")).context["navigation"]

    assert [item.label for item in items if item.active] == ["Settings"]


@pytest.mark.parametrize("part", [checks.HEARTBEATS[:-1], [checks.BEAT], ["worker:import", "worker:report"]])
def test_silence_is_told_to_those_who_can_do_something(signed_in, running, sora, mai, part):
    health.note(*part, now=timezone.now() - timedelta(minutes=4))

    assert len(signed_in(sora).get("/").context["banners"]) == 1
    assert list(signed_in(mai).get("/").context["banners"]) == []


def test_the_frame_costs_a_fragment_nothing(signed_in, running, ren):
    client = signed_in(ren)
    client.get(reverse("accounts:members"))

    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("accounts:members"), headers={"HX-Request": "true"})

    statements = [query["sql"] for query in queries]
    assert not any("health_heartbeat" in sql or "handoff_handoff" in sql for sql in statements)


def test_the_first_page_costs_the_same_with_many_offers(signed_in, running, sora):
    client = signed_in(sora)
    for _number in range(MOST):
        factories.handoff(factories.qualified_lead())
    client.get("/")
    with CaptureQueriesContext(connection) as few:
        client.get("/")
    for _number in range(20):
        factories.handoff(factories.qualified_lead())

    with CaptureQueriesContext(connection) as many:
        client.get("/")

    assert len(many) == len(few)


def test_a_rep_is_told_whom_to_call_first_and_by_when(running, ren, mai, now):
    handoff = factories.handoff(status="accepted", offered_to=ren, lead=factories.qualified_lead(full_name="Hanako"))
    factories.clock(handoff, duty="first_attempt", owner=ren, started_at=now, due_at=now + timedelta(hours=2))

    (call,) = [work for work in needs_me_now(ren, now=now) if work.icon == "phone"]

    assert (call.text, call.when) == ("Contact Hanako for the first time", "2 h left")
    assert call.url == reverse("leads:detail", args=[handoff.lead_id])


def test_who_may_change_a_draft_learns_that_it_was_sent_back_and_why(running, aoi, sora, mai, now):
    version = steps.proposed(aoi, now=now)
    definitions.send_back(version_id=version.pk, comment="Too wide", actor=sora, now=now)

    (work,) = [work for work in needs_me_now(aoi, now=now) if work.icon == "signature"]

    assert work.text == "Change version 1 of the lead definition and propose it again"
    assert work.detail == "Sora sent it back: “Too wide”"
    for other in (sora, mai):
        assert not [work for work in needs_me_now(other, now=now) if work.icon == "signature"]


def test_many_next_steps_are_one_line_and_the_latest_come_first(running, ren, now):
    for days in range(5):
        day = now.date() - timedelta(days=days)
        factories.lead(full_name=f"Lead {days}", stage="with_sales", owner=ren, next_step_on=day)

    texts = [work.text for work in needs_me_now(ren, now=now)]

    assert texts[0] == "Plan 5 next steps that are due"
    assert texts[1:4] == [f"Take the next step with Lead {days}" for days in range(3)]


def test_the_missed_deadlines_that_a_manager_is_told_of_are_the_list_that_opens(signed_in, running, sora, ren, now):
    late = factories.handoff(offered_to=ren, lead=factories.qualified_lead(full_name="Late One"))
    factories.clock(late, owner=ren, breached_at=now)
    factories.handoff(offered_to=ren, lead=factories.qualified_lead(full_name="In Time"))

    (work,) = [work for work in needs_me_now(sora, now=now) if work.icon == "clock-exclamation"]
    page = signed_in(sora).get(work.url)

    assert "Late One" in page.text
    assert "In Time" not in page.text


def test_whose_turn_it_is_stands_on_the_first_page(signed_in, running, ren):
    factories.lead()
    factories.lead(stage="with_sales", owner=ren)
    factories.lead(stage="with_sales", owner=ren)

    text = " ".join(signed_in(ren).get("/").text.split())

    assert "1 lead waits for this side" in text
    assert "2 leads wait for this side" in text
