"""Deadlines that pass are found, once, even if nobody looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alignment.outbox.models import Notice
from handoff import tasks
from handoff.models import Clock
from handoff.services import clocks, decisions
from leads.services import deals
from tests import factories


def test_a_scan_finds_a_clock_that_ran_out_with_its_true_moment(offer, now):
    assert clocks.scan(now=now + timedelta(days=3)) == 1

    clock = Clock.objects.get()
    assert (clock.breached_at, clock.state) == (offer.decide_by, "breached")


def test_the_deadline_itself_is_still_in_time(offer):
    assert clocks.scan(now=offer.decide_by) == 0
    assert clocks.scan(now=offer.decide_by + timedelta(seconds=1)) == 1


def test_an_offer_nobody_owns_is_found_too_and_its_team_is_told(team_offer, ren, riku, sora, aoi, now):
    Notice.objects.all().delete()

    clocks.scan(now=now + timedelta(days=3))

    told = Notice.objects.filter(template="handoff/email/breached").values_list("to_address", flat=True)
    assert set(told) == {ren.email, riku.email, sora.email}


def test_the_person_and_the_managers_of_sales_are_told_once(offer, ren, sora, now):
    Notice.objects.all().delete()

    for days in (3, 4, 5):
        clocks.scan(now=now + timedelta(days=days))

    assert sorted(Notice.objects.values_list("to_address", flat=True)) == [ren.email, sora.email]


def test_a_clock_that_was_kept_or_stopped_is_not_found(make_offer, ren, mai, now):
    decisions.accept(handoff_id=make_offer().pk, actor=ren, now=now)
    decisions.withdraw(handoff_id=make_offer().pk, actor=mai, now=now)
    Clock.objects.filter(duty="first_attempt").delete()

    assert clocks.scan(now=now + timedelta(days=30)) == 0


def test_an_accept_after_the_breach_keeps_both_facts(offer, ren, now):
    clocks.scan(now=now + timedelta(days=3))

    decisions.accept(handoff_id=offer.pk, actor=ren, now=now + timedelta(days=5))

    clock = Clock.objects.get(duty="decide")
    assert (clock.state, clock.met_at) == ("breached", now + timedelta(days=5))


def test_an_offer_withdrawn_too_late_stays_missed(offer, mai, now):
    decisions.withdraw(handoff_id=offer.pk, actor=mai, now=now + timedelta(days=3))

    assert Clock.objects.get().breached_at == offer.decide_by


def test_a_long_silence_is_caught_up_in_one_scan(make_offer, ren, now, monkeypatch):
    monkeypatch.setattr(clocks, "BATCH", 2)
    for _n in range(5):
        make_offer()

    assert clocks.scan(now=now + timedelta(days=40)) == 5


def test_the_task_takes_arguments_of_later_versions(make_offer, ren):
    make_offer(at=datetime(2020, 4, 1, 1, 0, tzinfo=UTC))

    assert tasks.scan_clocks(later="x") == 1


def test_nobody_owes_a_first_attempt_to_a_customer(offer, ren, now):
    decisions.accept(handoff_id=offer.pk, actor=ren, now=now)
    deal = deals.open_deal(lead_id=offer.lead_id, name="D", amount=5, expected_on=None, product="", actor=ren, now=now)
    deals.win_deal(deal_id=deal.pk, reason="product", amount=None, actor=ren, now=now)

    clocks.scan(now=now)

    assert clocks.scan(now=now + timedelta(days=30)) == 0
    assert offer.clocks.get(duty="first_attempt").state == "stopped"


def test_an_offer_on_a_lead_with_a_deal_waits_on_without_a_deadline(offer, ren, now):
    factories.deal(lead=offer.lead)

    assert [clocks.scan(now=now + wait) for wait in (timedelta(minutes=1), timedelta(days=3))] == [0, 0]

    offer.refresh_from_db()
    assert (offer.status, offer.decide_by, offer.clocks.get().state) == ("offered", None, "stopped")
    assert decisions.accept(handoff_id=offer.pk, actor=ren, now=now + timedelta(days=4)).status == "accepted"


def test_a_lost_deal_is_no_answer(offer, now):
    factories.deal(lead=offer.lead, lost_at=now)

    clocks.scan(now=now + timedelta(minutes=1))

    assert offer.clocks.get().state == "running"


def test_a_deadline_missed_before_the_deal_came_stays_missed(offer, now):
    clocks.scan(now=offer.decide_by + timedelta(minutes=1))
    factories.deal(lead=offer.lead)

    clocks.scan(now=offer.decide_by + timedelta(minutes=2))

    offer.refresh_from_db()
    assert (offer.decide_by is None, offer.clocks.get().state) == (False, "breached")
