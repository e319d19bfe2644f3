"""Whoever watches over it sees each fault first: /readyz names the part, and its figure crosses an alert's line."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connections

from alignment.health.alerts import RULES
from alignment.health.checks import BEAT, HEARTBEATS
from alignment.local.servers import POSTGRES, REDIS
from tests.fault.stack import Answer, Stack, until

ALERTED_WITHIN = 120
HOLD = max(int(rule.hold.removesuffix("s")) for rule in RULES if rule.name in ("PartDown", "Silent"))
"""So long has a figure to stay over the line until somebody is woken."""


@contextmanager
def alive_throughout(stack: Stack) -> Iterator[list[Answer]]:
    """Ask /healthz all the time; it must always say yes."""
    answers: list[Answer] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.wait(0.2):
            answers.append(stack.get("/healthz"))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield answers
    finally:
        is_over.set()
        asking.join()
    assert {answer.status for answer in answers} == {200}


def until_alerted(stack: Stack, *parts: str, silent: Iterable[str] = ()) -> float:
    """Wait until each part is named and the alerts go off; return the seconds that took."""
    expected = {("PartDown", part) for part in parts} | {("Silent", name) for name in silent}

    def is_alerted() -> bool:
        return set(parts) <= stack.broken_parts() and expected <= stack.alerts()

    return until(is_alerted, within=ALERTED_WITHIN - HOLD, what=f"{', '.join(parts)} is seen", every=0.5)


def until_mended(stack: Stack) -> float:
    """Wait until nothing is named and no alert goes off, whichever process answers; return the seconds that took."""

    def is_mended() -> bool:
        return not any(stack.broken_parts() or stack.alerts() for _ask in range(8))

    return until(is_mended, within=60, what="everything is as before", every=0.5)


def test_each_fault_is_seen_within_two_minutes_and_its_end_too(stack, measured):
    stack.start("web", "worker", "beat")
    until_mended(stack)
    seen, mended = {}, {}

    with alive_throughout(stack) as answers:
        stack.servers.end(REDIS, signal.SIGKILL)
        seen["Redis stopped"] = until_alerted(stack, "redis")
        stack.servers.start()
        mended["Redis stopped"] = until_mended(stack)

        stack.servers.process(REDIS).send(signal.SIGSTOP)
        seen["Redis frozen"] = until_alerted(stack, "redis")
        stack.servers.start()
        mended["Redis frozen"] = until_mended(stack)

        connections.close_all()
        stack.servers.end(POSTGRES, signal.SIGQUIT)
        seen["PostgreSQL stopped"] = until_alerted(stack, "database")
        stack.servers.start()
        mended["PostgreSQL stopped"] = until_mended(stack)

        stack.end("worker")
        stack.end("beat")
        seen["worker and beat stopped"] = until_alerted(stack, "worker", "beat", silent=HEARTBEATS)
        stack.start("beat")
        until(lambda: stack.broken_parts() == {"worker"}, within=30, what="only the worker is named", every=0.5)
        until(lambda: not {about for _alert, about in stack.alerts()} & {BEAT}, within=30, what="beat is back")
        stack.start("worker")
        mended["worker and beat stopped"] = until_mended(stack)

    slowest = max(answer.seconds for answer in answers)
    lines = [f"{fault}: seen after {seconds:.1f} s, gone {mended[fault]:.1f} s" for fault, seconds in seen.items()]
    measured(f"{'; '.join(lines)} after its repair; /healthz slowest {slowest:.2f} s")
