"""PostgreSQL stops at once, in the middle of the work: what was answered is there, and nobody needs a restart."""

from __future__ import annotations

import signal
import time

from django.db import connections

from alignment.local.servers import POSTGRES
from tests.fault import ledger, world
from tests.fault.accepting import Accepting
from tests.fault.stack import until, until_sent

RECOVERED_WITHIN = 5


def test_accepts_during_a_crash_of_the_database_are_there_whole_or_not_at_all(stack, people, measured):
    handoffs = world.offers(people, 600)
    stack.variables |= {"FAULT_LEASE": "5", "FAULT_MINUTE": "3"}
    stack.start("web", "worker", "beat")
    pids = {name: stack.pid(name) for name in stack.children}
    until(lambda: stack.broken_parts() == set(), within=60, what="everything is ready")
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
    assert {name: stack.pid(name) for name in pids} == pids
    assert all(stack.is_running(name) for name in pids)
