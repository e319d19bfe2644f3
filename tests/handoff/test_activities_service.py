"""What sales does keeps its promise to try."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from alignment.kernel.errors import DomainError, InvalidInput
from handoff.services import activities, clocks, decisions
from leads.models import Activity, Lead

CALL = {"kind": "call", "outcome": "no_answer"}


@pytest.fixture
def accepted(offer, ren, now):
    return decisions.accept(handoff_id=offer.pk, actor=ren, now=now)


def attempt_clock(handoff):
    return handoff.clocks.get(duty="first_attempt")


def test_the_first_attempt_stops_its_clock(accepted, ren, now):
    activities.record(lead_id=accepted.lead_id, actor=ren, now=now + timedelta(hours=1), **CALL)

    clock = attempt_clock(accepted)
    assert (clock.state, clock.met_at, clock.business_seconds) == ("met", now + timedelta(hours=1), 3600)


def test_a_note_is_no_attempt(accepted, ren, now):
    activities.record(lead_id=accepted.lead_id, actor=ren, now=now, kind="note", outcome="none")

    assert attempt_clock(accepted).state == "running"


def test_an_attempt_written_down_later_counts_when_it_was_made(accepted, ren, now):
    made = now + timedelta(hours=2)

    activities.record(lead_id=accepted.lead_id, actor=ren, now=now + timedelta(hours=5), at=made, **CALL)

    assert attempt_clock(accepted).met_at == made


def test_what_was_done_before_the_lead_was_accepted_keeps_no_promise(accepted, ren, now):
    activities.record(lead_id=accepted.lead_id, actor=ren, now=now, at=now - timedelta(hours=1), **CALL)

    assert attempt_clock(accepted).state == "running"


def test_an_attempt_after_the_deadline_leaves_it_missed(accepted, ren, now):
    activities.record(lead_id=accepted.lead_id, actor=ren, now=now + timedelta(days=6), **CALL)

    clock = attempt_clock(accepted)
    assert (clock.state, clock.breached_at) == ("breached", clock.due_at)


def test_the_second_attempt_changes_nothing(accepted, ren, now):
    for hours in (1, 2):
        activities.record(lead_id=accepted.lead_id, actor=ren, now=now + timedelta(hours=hours), **CALL)

    assert attempt_clock(accepted).met_at == now + timedelta(hours=1)
    assert Activity.objects.count() == 2


def test_a_lead_nobody_tries_to_reach_is_found(accepted, sora, ren, now):
    assert clocks.scan(now=now + timedelta(days=6)) == 1

    assert attempt_clock(accepted).state == "breached"


def test_a_refused_activity_keeps_no_promise(accepted, ren, now):
    with pytest.raises(InvalidInput):
        activities.record(lead_id=accepted.lead_id, actor=ren, now=now, kind="call", outcome="met")

    assert attempt_clock(accepted).state == "running"


def test_an_offer_that_is_not_accepted_takes_no_activity(offer, ren, now):
    with pytest.raises(DomainError):
        activities.record(lead_id=offer.lead_id, actor=ren, now=now, **CALL)


@pytest.mark.parametrize(("days", "shown"), [(-3, False), (0, True), (3, True)])
def test_what_the_page_offers_can_be_recorded_as_it_stands(days, shown, accepted, ren, signed_in):
    """Work on an overdue lead must not fail because its old next step still stood in the form."""
    planned = timezone.localdate(timezone=ZoneInfo(ren.time_zone)) + timedelta(days=days)
    Lead.objects.filter(pk=accepted.lead_id).update(next_step_on=planned)
    client = signed_in(ren)

    form = client.get(f"/leads/{accepted.lead_id}/").context["activity_forms"][0]
    answer = client.post(
        reverse("handoff:activity-record", args=[accepted.lead_id]),
        CALL | {"next_step_on": form.initial["next_step_on"] or ""},
    )

    assert (form.initial["next_step_on"] is not None, answer.status_code) == (shown, 302)


def test_the_page_records_an_activity(accepted, ren, signed_in):
    address = reverse("handoff:activity-record", args=[accepted.lead_id])

    answer = signed_in(ren).post(address, CALL)

    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{accepted.lead_id}/")
    assert Activity.objects.get().actor == ren


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({}, 400, "Choose what was done."),
        ({"kind": "call"}, 422, "Choose “What came of it”."),
        ({"kind": "call", "outcome": "met"}, 422, "Select a valid choice"),
        (CALL | {"at": "2999-01-01T10:00"}, 422, "lies in the future"),
    ],
)
def test_what_cannot_be_recorded_is_said(given, status, said, accepted, ren, signed_in):
    answer = signed_in(ren).post(reverse("handoff:activity-record", args=[accepted.lead_id]), given)

    assert (answer.status_code, said in answer.text) == (status, True)
    assert not Activity.objects.exists()


@pytest.mark.parametrize("person", ["mai", "aoi", "kei", "rei"])
def test_others_record_nothing(person, accepted, request, signed_in):
    address = reverse("handoff:activity-record", args=[accepted.lead_id])

    assert signed_in(request.getfixturevalue(person)).post(address, CALL).status_code == 403


@pytest.mark.parametrize("scanned", [True, False])
def test_an_attempt_in_time_that_is_written_down_late_keeps_the_promise_whenever_the_scan_came(
    scanned, accepted, ren, now
):
    due = attempt_clock(accepted).due_at
    if scanned:
        clocks.scan(now=due + timedelta(hours=1))

    activities.record(lead_id=accepted.lead_id, actor=ren, now=due + timedelta(hours=2), at=due, **CALL)

    clock = attempt_clock(accepted)
    assert (clock.state, clock.met_at, clock.breached_at) == ("met", due, None)
