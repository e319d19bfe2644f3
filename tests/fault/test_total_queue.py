"""What goes in must come out: programs accept while everything is killed in turn, then the books are compared."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

from django.db import connections

from alignment.local.servers import POSTGRES, REDIS
from tests.fault import ledger, world
from tests.fault.accepting import Accepting
from tests.fault.stack import Stack, until, until_sent

KILLING_FOR = 40.0


def kill_worker(stack: Stack) -> None:
    stack.end("worker")
    time.sleep(0.5)
    stack.launch("worker")


def kill_pool_child(stack: Stack) -> None:
    kill_one_of(stack, "worker")


def kill_web_child(stack: Stack) -> None:
    kill_one_of(stack, "web")


def kill_redis(stack: Stack) -> None:
    stack.servers.end(REDIS, signal.SIGKILL)
    time.sleep(1)
    stack.servers.start()


def freeze_redis(stack: Stack) -> None:
    stack.servers.process(REDIS).send(signal.SIGSTOP)
    time.sleep(1.5)
    stack.servers.process(REDIS).send(signal.SIGCONT)


def crash_postgres(stack: Stack) -> None:
    connections.close_all()
    stack.servers.end(POSTGRES, signal.SIGQUIT)
    time.sleep(0.5)
    stack.servers.start()


def kill_one_of(stack: Stack, name: str) -> None:
    """Kill one of a program's children, which the program replaces."""
    children = stack.pool_children(name)
    if children:
        os.kill(random.choice(children), signal.SIGKILL)


FAULTS: list[Callable[[Stack], None]] = [
    kill_worker,
    kill_pool_child,
    kill_web_child,
    kill_redis,
    freeze_redis,
    crash_postgres,
]


def test_accepts_during_forty_seconds_of_kills_are_neither_lost_nor_doubled(stack, people, measured):
    handoffs = world.offers(people, 3000)
    stack.variables |= {"FAULT_LEASE": "10", "FAULT_MINUTE": "4"}
    stack.start("web", "worker", "beat")
    seed = random.randrange(10**6)
    chance = random.Random(seed)

    accepting = Accepting(stack, people.token, handoffs, pause=0.05)
    faults, revived, until_then = [], [], time.monotonic() + KILLING_FOR
    while time.monotonic() < until_then:
        for fault in chance.sample(FAULTS, len(FAULTS)):
            if time.monotonic() < until_then:
                fault(stack)
                faults.append(fault.__name__)
                time.sleep(chance.uniform(0.5, 2.5))
                revived += stack.revive()
    attempts = accepting.stop()
    revived += stack.revive()
    began = time.monotonic()
    until(lambda: stack.broken_parts() == set(), within=60, what="everything is ready again")
    until_sent(within=90)
    drained = time.monotonic() - began

    account = ledger.compare(attempts, handoffs, stack.mailbox)
    slowest = max(attempt.seconds for attempt in attempts if attempt.is_answered)
    measured(
        f"{account.as_text()}; {len(attempts)} attempts, slowest answered {slowest:.1f} s; seed {seed}, "
        f"{len(faults)} faults ({', '.join(f'{faults.count(name)} {name}' for name in sorted(set(faults)))}), "
        f"ended by themselves: {', '.join(revived) or 'none'}; drained in {drained:.0f} s"
    )
    assert account.answered >= 50
    account.check()
    assert account.unsent == 0
    killed_senders = faults.count("kill_worker") + faults.count("kill_pool_child") + faults.count("crash_postgres")
    assert account.sent_again <= 2 * killed_senders  # two pool children, each with one mail in its hands
