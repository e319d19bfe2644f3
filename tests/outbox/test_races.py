"""Several workers, several commits, lost connections: each notice is claimed once and none is passed over."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from celery import current_app
from celery.fixups.django import DjangoWorkerFixup
from django.core import mail
from django.core.signals import request_started
from django.db import connection, transaction
from django.utils import timezone

from alignment.outbox import services
from alignment.outbox.models import Notice, NoticeState
from alignment.outbox.tasks import send_notice
from tests import factories
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def test_a_task_delivered_three_times_sends_once(notice):
    made = notice()

    results = [send_notice(notice_id=made.pk) for _delivery in range(3)]

    assert results == [True, False, False]
    assert len(mail.outbox) == 1


def test_a_task_delivered_to_eight_threads_sends_once(notice):
    for _round in range(20):
        mail.outbox.clear()
        made = notice()

        results = at_once(*[partial(send_notice, notice_id=made.pk)] * 8)

        assert sorted(results) == [False] * 7 + [True]
        assert len(mail.outbox) == 1


def test_two_sweepers_share_two_hundred_notices_without_waiting(notice):
    made = [notice() for _number in range(200)]
    slowest = Counter[str]()

    def sweep() -> list[int]:
        taken = []
        while True:
            started = time.monotonic()
            batch = services.claim(now=timezone.now(), limit=5)
            slowest["wait"] = max(slowest["wait"], time.monotonic() - started)
            if not batch:
                return taken
            taken += [one.pk for one in batch]

    first, second = at_once(sweep, sweep)

    assert Counter(first + second) == Counter(one.pk for one in made)
    assert slowest["wait"] < 1
    assert set(Notice.objects.values_list("attempts", flat=True)) == {1}


def test_a_sweeper_does_not_wait_for_a_row_that_another_is_claiming(notice, now):
    held, free = notice(), notice()
    with transaction.atomic():
        Notice.objects.select_for_update().get(pk=held.pk)

        (results,) = at_once(lambda: [one.pk for one in services.claim(now=timezone.now())])

    assert results == [free.pk]


def test_a_notice_of_a_slow_transaction_is_sent_after_that_of_a_fast_one(db, now):
    """The slow one has the lower id and commits last: a sweep that remembers the last id would pass it over."""
    reader = factories.user("ren", role="sales_rep", side="sales")
    has_written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            write(reader, now)
            has_written.set()
            may_commit.wait(10)

    def fast() -> int:
        has_written.wait(10)
        write(reader, now)
        sent = services.sweep(now=timezone.now())
        may_commit.set()
        return sent

    _nothing, sent_between = at_once(slow, fast)
    sent_after = services.sweep(now=timezone.now())

    assert (sent_between, sent_after) == (1, 1)
    assert set(Notice.objects.values_list("state", flat=True)) == {NoticeState.SENT}


def test_what_is_rolled_back_is_never_sent(db, now):
    reader = factories.user("ren", role="sales_rep", side="sales")

    with transaction.atomic():
        write(reader, now)
        transaction.set_rollback(True)

    assert services.sweep(now=timezone.now()) == 0


def test_a_worker_that_was_late_does_not_undo_what_another_did(notice, now):
    made = notice()
    (late,) = services.claim(now=now)
    (other,) = services.claim(now=now + Notice.LEASE + timedelta(seconds=1))

    services._record_fault(late, TimeoutError("hung"))

    made.refresh_from_db()
    assert made.claimed_until == other.claimed_until


def test_a_lost_connection_costs_nothing_at_the_next_request(kept_connection, signed_in):
    client = signed_in(factories.user("mai"))
    client.get("/")
    end_all_connections()

    request_started.send(sender=None)  # the test client leaves this out
    answer = client.get("/")

    assert answer.status_code == 200


def test_a_lost_connection_costs_nothing_at_the_next_task(kept_connection, notice):
    made = notice()
    end_all_connections()

    DjangoWorkerFixup(current_app).on_task_prerun(sender=send_notice)  # what a worker does before each task

    assert send_notice(notice_id=made.pk) is True


@pytest.fixture
def kept_connection(monkeypatch):
    """Keep the connection between requests, as in production; the request cycle notices what has become of it."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 60)
    connection.close()
    connection.ensure_connection()
    yield
    connection.close()


def write(reader, now) -> None:
    services.write(to=reader, template="outbox_test/hello", context={"name": "Ren"}, now=now)


def end_all_connections() -> None:
    def end() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    at_once(end)
