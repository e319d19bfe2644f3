"""PostgreSQL or a worker stands still without a word: the probes say so in time and keep no thread from visitors."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from alignment.local import processes
from alignment.local.processes import Process
from alignment.local.servers import POSTGRES
from tests.fault.stack import Stack, until

ANSWERED_WITHIN = 9.5
PROBES = 40


@pytest.fixture
def frozen(stack: Stack) -> Iterator[list[Process]]:
    """Freeze PostgreSQL with all its backends, whichever the test asks for; it goes on after the test."""
    stopped: list[Process] = []
    yield stopped
    for process in stopped:
        process.send(signal.SIGCONT)


def backends(stack: Stack) -> list[Process]:
    pid = stack.servers.process(POSTGRES).pid
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [found for child in file.read().split() if (found := processes.find(int(child)))]


def test_a_frozen_database_is_named_in_time_and_the_web_server_lives(stack, people, frozen, measured):
    stack.start("web", "worker", "beat")
    until(lambda: stack.broken_parts() == set(), within=60, what="everything is ready")
    connections.close_all()
    frozen += [stack.servers.process(POSTGRES), *backends(stack)]
    for process in frozen:
        process.send(signal.SIGSTOP)
    time.sleep(5.1)  # the answer of before is no longer given

    with ThreadPoolExecutor(PROBES) as pool:
        asked = [pool.submit(stack.get, "/readyz") for _number in range(PROBES)]
        scrape = pool.submit(stack.alerts)
        alive = []
        while not all(answer.done() for answer in asked):
            alive.append(stack.get("/healthz"))
            time.sleep(0.1)
    answers = [answer.result() for answer in asked]
    for process in frozen:
        process.send(signal.SIGCONT)
    again = until(lambda: stack.broken_parts() == set(), within=60, what="everything is ready again")

    slowest = max(answer.seconds for answer in answers)
    measured(f"{PROBES} probes of a frozen database: slowest {slowest:.1f} s; ready {again:.1f} s after it went on")
    assert {answer.status for answer in answers} == {503}
    assert all(not answer.json()["parts"]["database"]["ok"] for answer in answers)
    assert slowest < ANSWERED_WITHIN
    assert {answer.status for answer in alive} == {200}
    assert ("PartDown", "database") in scrape.result()


def test_one_frozen_connection_of_the_web_server_costs_one_probe(stack, people, frozen, measured):
    stack.start("web", "worker", "beat")
    until(lambda: stack.broken_parts() == set(), within=60, what="everything is ready")
    connections.close_all()
    frozen += backends(stack)
    for process in frozen:
        process.send(signal.SIGSTOP)
    time.sleep(5.1)

    again = until(lambda: stack.broken_parts() == set(), within=60, what="the probe connects anew")

    measured(f"ready {again:.1f} s after every backend was frozen")
    assert stack.is_alive()
