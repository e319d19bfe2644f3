"""Real threads against the real database: nothing is decided, offered, found or returned twice.

Each of these was seen to fail with the lock that it guards taken away.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from alignment.accounts.models import Team, User
from alignment.kernel.errors import DomainError
from alignment.outbox.models import Notice
from handoff.models import Clock, Handoff, HandoffEvent
from handoff.rules.workflow import AlreadyDecided
from handoff.services import activities, clocks, decisions, offers, recycling, submission
from leads.models import Lead, LeadEvent
from leads.services.capture import LeadData
from tests import factories
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def rounds(items: list[int], *workers: Callable[[int], object]) -> list[tuple[object, ...]]:
    """Let each worker, in a thread of its own, meet the others at a barrier before every item."""
    barrier = threading.Barrier(len(workers))
    results: list[list[object]] = [[] for _worker in workers]

    def run(index: int) -> None:
        for item in items:
            barrier.wait(timeout=30)
            try:
                results[index].append(workers[index](item))
            except DomainError as error:
                results[index].append(error)
        connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(workers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(zip(*results, strict=True))


@pytest.fixture
def open_offers(make_lead, rule, ren, riku, mai, now) -> Callable[[int], list[int]]:
    """So many offers to the whole team: both reps may take each."""

    def make(count: int) -> list[int]:
        for person in (ren, riku):
            person.absences.create(starts_on=now.date(), ends_on=now.date())
        return [offers.hand_over(lead_id=make_lead().pk, actor=mai, now=now).pk for _n in range(count)]

    return make


def replayed(handoff: Handoff) -> str:
    """The status that the events tell, each of which has to start where the last one ended."""
    status = ""
    for event in handoff.events.order_by("pk"):
        assert event.old_status == status
        status = event.new_status
    return status


def test_two_reps_accept_the_same_offers_two_hundred_times(open_offers, ren, riku, now):
    ids = open_offers(200)

    results = rounds(
        ids,
        lambda pk: decisions.accept(handoff_id=pk, actor=ren, now=now),
        lambda pk: decisions.accept(handoff_id=pk, actor=riku, now=now),
    )

    for pk, pair in zip(ids, results, strict=True):
        (loser,) = (result for result in pair if isinstance(result, AlreadyDecided))
        (winner,) = (result for result in pair if isinstance(result, Handoff))
        assert str(loser).startswith(f"{winner.decided_by.full_name} accepted this at")
        handoff = Handoff.objects.get(pk=pk)
        assert (replayed(handoff), handoff.lead.owner) == ("accepted", winner.decided_by)
    assert HandoffEvent.objects.filter(action="accept").count() == 200
    assert Notice.objects.filter(template="handoff/email/decided").count() == 200
    assert Clock.objects.filter(duty="first_attempt").count() == 200


def test_accept_withdraw_and_the_deadline_end_in_one_legal_order(open_offers, ren, mai, sora, now):
    ids = open_offers(60)
    late = now + timedelta(days=9)

    rounds(
        ids,
        lambda pk: decisions.accept(handoff_id=pk, actor=ren, now=late),
        lambda pk: decisions.withdraw(handoff_id=pk, actor=mai, now=late),
        lambda _pk: clocks.scan(now=late),
    )

    ends = Counter()
    for handoff in Handoff.objects.select_related("lead"):
        ends[handoff.status] += 1
        assert replayed(handoff) == handoff.status
        assert handoff.events.count() == 2
        stage = {"accepted": "with_sales", "withdrawn": "qualified"}[handoff.status]
        assert handoff.lead.stage == stage
        clock = handoff.clocks.get(duty="decide")
        assert clock.breached_at == clock.due_at  # missed, whoever came first
        assert (clock.met_at is not None, clock.stopped_at is not None) == (
            handoff.status == "accepted",
            handoff.status == "withdrawn",
        )
    assert sum(ends.values()) == 60


def test_accept_and_reject_at_once_leave_one_answer(open_offers, ren, riku, now):
    ids = open_offers(40)

    rounds(
        ids,
        lambda pk: decisions.accept(handoff_id=pk, actor=ren, now=now),
        lambda pk: decisions.reject(handoff_id=pk, reason="timing", actor=riku, now=now),
    )

    for handoff in Handoff.objects.select_related("lead"):
        assert replayed(handoff) == handoff.status
        assert (handoff.status, handoff.lead.stage) in {("accepted", "with_sales"), ("rejected", "nurture")}
        assert (handoff.reason is None) == (handoff.status == "accepted")


def test_one_lead_is_handed_over_once(lead, rule, ren, riku, mai, aoi, now):
    results = at_once(
        *[lambda: offers.hand_over(lead_id=lead.pk, actor=mai, now=now)] * 4,
        *[lambda: offers.hand_over(lead_id=lead.pk, actor=aoi, now=now)] * 4,
    )

    assert Counter(type(result).__name__ for result in results) == {"Handoff": 1, "AlreadyOffered": 7}
    assert (Handoff.objects.count(), Notice.objects.count()) == (1, 1)


def test_ten_threads_share_thirty_offers_exactly(make_lead, rule, mai, ren, riku, field_sales, now):
    third = factories.user("ryo", role="sales_rep", side="sales", team=field_sales)
    away = factories.user("rin", role="sales_rep", side="sales", team=field_sales)
    away.absences.create(starts_on=now.date(), ends_on=now.date())
    leads = [make_lead().pk for _n in range(30)]

    def hand_over(share: list[int]) -> None:
        for pk in share:
            offers.hand_over(lead_id=pk, actor=mai, now=now)

    at_once(*[lambda share=leads[start::10]: hand_over(share) for start in range(10)])

    assert Counter(Handoff.objects.values_list("offered_to", flat=True)) == {ren.pk: 10, riku.pk: 10, third.pk: 10}
    assert sorted(rule.slots.values_list("last_turn", flat=True)) == [28, 29, 30]


def test_the_same_lead_submitted_eight_times_at_once_is_one_lead(version, rule, ren, mai, now):
    data = LeadData(company_name="Yamada", employee_count=250, source_system="crm", external_id="A-1")

    results = at_once(*[lambda: submission.submit_lead(data=data, actor=mai, now=now)] * 8)

    assert sorted(result.is_new for result in results) == [False] * 7 + [True]
    assert {result.handoff.pk for result in results} == {Handoff.objects.get().pk}
    assert (Lead.objects.count(), Notice.objects.count()) == (1, 1)


def test_several_scans_find_each_breach_once(open_offers, sora, ren, riku, now, monkeypatch):
    monkeypatch.setattr(clocks, "BATCH", 7)
    open_offers(60)
    Notice.objects.all().delete()

    found = at_once(*[lambda: clocks.scan(now=now + timedelta(days=9))] * 4)

    assert sum(found) == 60
    assert not Clock.objects.running().exists()
    told = Counter(Notice.objects.filter(template="handoff/email/breached").values_list("to_address", flat=True))
    assert told == {ren.email: 60, riku.email: 60, sora.email: 60}


def test_several_workers_return_each_lead_once(make_offer, ren, now):
    later = now + timedelta(days=90)
    for _n in range(20):
        decisions.reject(handoff_id=make_offer().pk, reason="timing", actor=ren, now=now)

    returned = at_once(*[lambda: recycling.return_due_leads(now=later)] * 4)

    assert sum(returned) == 20
    assert Counter(Lead.objects.values_list("stage", flat=True)) == {"qualified": 20}
    assert LeadEvent.objects.filter(data__has_key="recycled").count() == 20


def test_bulk_work_in_opposite_orders_finishes(make_lead, rule, ren, mai, aoi, now):
    ids = [make_lead().pk for _n in range(12)]

    def hand_over_all(order: list[int], actor: User) -> int:
        done = 0
        for pk in order:
            try:
                offers.hand_over(lead_id=pk, actor=actor, now=now)
                done += 1
            except DomainError:
                continue
        return done

    results = at_once(lambda: hand_over_all(ids, mai), lambda: hand_over_all(ids[::-1], aoi))

    assert sum(results) == 12
    assert Handoff.objects.count() == 12


def test_an_accept_and_an_activity_at_once_do_not_wait_for_each_other_for_ever(
    make_offer, ren: User, field_sales: Team, now: datetime
):
    first, second = make_offer(), make_offer()
    decisions.accept(handoff_id=first.pk, actor=ren, now=now)

    results = at_once(
        lambda: activities.record(lead_id=first.lead_id, kind="call", outcome="no_answer", actor=ren, now=now),
        lambda: decisions.accept(handoff_id=second.pk, actor=ren, now=now),
        lambda: clocks.scan(now=now + timedelta(days=9)),
    )

    assert all(result is not None for result in results)
