"""Redis is frozen, emptied, restarted: nobody waits for it, and nothing that was announced is forgotten."""

from __future__ import annotations

import signal
import time

from alignment.kernel import queue
from alignment.local.servers import REDIS
from tests.fault import ledger, world
from tests.fault.accepting import Accepting
from tests.fault.stack import ring, until, until_sent

ALERT_WITHIN = 120
PREFIX = "alignment."


def test_accepts_are_quick_while_redis_is_frozen(stack, people, measured):
    handoffs = world.offers(people, 40)
    stack.variables["FAULT_MINUTE"] = "6"
    stack.start("web", "worker", "beat")
    warm = Accepting(stack, people.token, handoffs[:20]).finish(30)
    assert [attempt.status for attempt in warm] == [200] * 20
    until(lambda: stack.broken_parts() == set(), within=ALERT_WITHIN, what="everything is ready")

    stack.servers.process(REDIS).send(signal.SIGSTOP)
    accepting = Accepting(stack, people.token, handoffs[20:])
    probes = []
    while accepting.child.poll() is None:
        probes.append(stack.get("/healthz"))
        time.sleep(0.05)
    attempts = accepting.finish(30)
    noticed = until(lambda: "redis" in stack.broken_parts(), within=ALERT_WITHIN, what="/readyz names Redis")
    assert stack.is_alive()
    stack.servers.process(REDIS).send(signal.SIGCONT)
    returned = until_sent(within=75)

    seconds = sorted(attempt.seconds for attempt in attempts)
    measured(
        f"20 accepts while frozen: slowest {seconds[-1]:.2f} s, p95 {seconds[18]:.2f} s; "
        f"/healthz slowest {max(probe.seconds for probe in probes):.2f} s; /readyz named Redis after {noticed:.1f} s; "
        f"all mails sent {returned:.1f} s after it went on (a sweep every 6 s)"
    )
    assert [attempt.status for attempt in attempts] == [200] * 20
    assert seconds[-1] <= 1.5
    assert {probe.status for probe in probes} == {200}
    assert max(probe.seconds for probe in probes) < 1
    account = ledger.compare([*warm, *attempts], handoffs, stack.mailbox)
    account.check()
    assert account.unsent == 0


def test_five_hundred_notices_leave_although_their_nudges_are_flushed(stack, people, measured):
    stack.start("worker", "beat")
    stack.signal("worker", signal.SIGSTOP)  # so that all nudges wait in Redis; one may have reached the worker already
    with queue.muted():
        written = world.notices(people.mai, range(500))
    ring("outbox.send_notice", *({"notice_id": notice.pk} for notice in written))
    redis = stack.servers.redis()
    assert redis.llen(f"{PREFIX}notice") >= 499

    redis.flushall()
    began = time.monotonic()
    stack.signal("worker", signal.SIGCONT)
    until(lambda: len(stack.mailbox) >= 500, within=75, what="all 500 leave")

    measured(f"500 notices sent {time.monotonic() - began:.1f} s after the queue was emptied")
    until_sent(within=5)
    assert stack.mailbox.sent() == {str(notice.message_id): 1 for notice in written}


def test_the_same_worker_takes_tasks_after_redis_restarted_five_times(stack, people, measured):
    stack.start("web", "worker")
    worker = stack.pid("worker")
    noticed = []
    began = time.monotonic()
    for restart in range(5):
        stack.servers.end(REDIS, signal.SIGKILL)
        if restart == 0:
            noticed.append(until(lambda: "redis" in stack.broken_parts(), within=ALERT_WITHIN, what="/readyz names it"))
        assert stack.is_alive()
        stack.servers.start()
        time.sleep(max(0, 6 * (restart + 1) - (time.monotonic() - began)))

    with queue.muted():
        first, second = world.notices(people.mai, range(2))
    ring("outbox.send_notice", {"notice_id": first.pk})
    took = until(lambda: len(stack.mailbox) == 1, within=60, what="the worker takes a task")
    ring("outbox.send_notice", {"notice_id": second.pk})
    took_next = until(lambda: len(stack.mailbox) == 2, within=10, what="the worker takes the next one")

    measured(
        f"5 restarts in {time.monotonic() - began - took - took_next:.0f} s; first task taken {took:.1f} s after, "
        f"the next {took_next:.1f} s; /readyz named Redis after {noticed[0]:.1f} s"
    )
    assert stack.pid("worker") == worker
    assert stack.is_running("worker")
