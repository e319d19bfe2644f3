"""PostgreSQL stops at once, in the middle of the work: what was answered is there, and nobody needs a restart."""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest
from django.db import connection, connections

from alignment.local.servers import POSTGRES
from handoff.models import Handoff
from tests.fault import ledger, world
from tests.fault.accepting import Accepting
from tests.fault.stack import until, until_sent

RECOVERED_WITHIN = 5
NOBODY = "nobody"


def test_accepts_during_a_crash_of_the_database_are_there_whole_or_not_at_all(stack, people, measured):
    handoffs = world.offers(people, 600)
    stack.variables |= {"FAULT_LEASE": "5", "FAULT_MINUTE": "3"}
    stack.start("web", "worker", "beat")
    until(lambda: stack.broken_parts() == set(), within=60, what="everything is ready")
    processes = stack.all_processes()
    accepting = Accepting(stack, people.token, handoffs, pause=0.05)
    until(lambda: len(accepting.attempts()) >= 20, within=20, what="accepts come in")

    connections.close_all()
    stack.servers.end(POSTGRES, signal.SIGQUIT)
    noticed = until(lambda: "database" in stack.broken_parts(), within=120, what="/readyz names the database")
    assert stack.is_alive()
    stack.servers.start()
    back = time.time()
    until(
        lambda: sum(attempt.is_answered and attempt.began > back for attempt in accepting.attempts()) >= 30,
        within=20,
        what="accepts are answered again",
    )
    attempts = accepting.stop()
    mails = [mail.at for mail in stack.mailbox.mails()]
    until_sent(within=60)

    after = sorted((attempt for attempt in attempts if attempt.began > back), key=lambda attempt: attempt.began)
    recovered = next(attempt.began + attempt.seconds for attempt in after if attempt.is_answered) - back
    worker_recovered = min(at for at in mails if at > back) - back
    account = ledger.compare(attempts, handoffs, stack.mailbox)
    refused = sum(not attempt.is_answered for attempt in attempts)
    measured(
        f"{account.as_text()}; refused {refused} of {len(attempts)}; first answer {recovered:.1f} s and first mail "
        f"{worker_recovered:.1f} s after the restart; /readyz named the database after {noticed:.1f} s"
    )
    account.check()
    assert account.unsent == 0
    assert recovered <= RECOVERED_WITHIN
    assert worker_recovered <= RECOVERED_WITHIN
    assert [attempt for attempt in after if not attempt.is_answered] == []
    assert stack.all_processes() == processes  # none ended and was replaced


def test_after_a_crash_that_nobody_saw_no_request_meets_a_dead_connection(stack, people, measured):
    handoffs = world.offers(people, 100)
    stack.start("web")
    before = Accepting(stack, people.token, handoffs[:50], threads=8).finish(30)
    connections.close_all()
    stack.servers.end(POSTGRES, signal.SIGQUIT)
    stack.servers.start()

    after = Accepting(stack, people.token, handoffs[50:], threads=8).finish(30)

    statuses = Counter(attempt.status for attempt in after)
    measured(f"50 accepts after the restart: {dict(statuses)}")
    assert [attempt.status for attempt in before] == [200] * 50
    assert statuses == {200: 50}


@pytest.fixture
def commits_that_wait(stack):
    """Every commit is written and then waits for a standby that does not exist; off again after the test."""
    reload = "SELECT pg_reload_conf()"
    stack.servers.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{NOBODY}'", reload, as_superuser=True)
    yield
    stack.servers.start()
    stack.servers.execute("ALTER SYSTEM RESET synchronous_standby_names", reload, as_superuser=True)


def is_one_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        return cursor.fetchone()[0] > 0


def test_an_answer_that_is_lost_with_the_database_does_not_say_that_nothing_was_changed(
    stack, people, request, measured
):
    (handoff,) = world.offers(people, 1)
    stack.start("web", DATABASE_URL=stack.servers.database_url(stack.database))  # only our own role's waits are shown
    request.getfixturevalue("commits_that_wait")
    accepting = Accepting(stack, people.token, [handoff])
    until(is_one_waiting, within=10, what="the commit is written and waits")
    connections.close_all()

    stack.servers.end(POSTGRES, signal.SIGQUIT)
    (attempt,) = accepting.finish(20)
    stack.servers.start()

    measured(f"answered {attempt.status} {attempt.code!r}")
    assert Handoff.objects.get().status == "accepted"
    assert (attempt.status, attempt.code) == (503, "unavailable")
