"""Real threads that start together against the real database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection, transaction

from alignment.kernel.errors import DomainError
from alignment.local import processes


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run the calls in threads that start together; returns results or errors in order."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(index: int) -> None:
        try:
            barrier.wait()
            results[index] = calls[index]()
        except DomainError as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def beside(call: Callable[[], Any]) -> Future[Any]:
    """Start the call in a thread, on a connection of its own, and go on; its ``result`` is waited for."""

    def run() -> Any:
        try:
            return call()
        finally:
            connection.close()

    pool = ThreadPoolExecutor(max_workers=1)
    started = pool.submit(run)
    pool.shutdown(wait=False)
    return started


def while_uncommitted(change: Callable[[], object], call: Callable[[], object]) -> object:
    """Run ``call`` in a thread while ``change`` is uncommitted, commit once it waits; its result or refusal."""
    results: list[object] = []

    def run() -> None:
        try:
            results.append(call())
        except DomainError as error:
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        change()
        thread.start()
        assert processes.wait_until(lambda: not thread.is_alive() or somebody_waits(), 10, 0.01)
    thread.join()
    (result,) = results
    return result


def somebody_waits() -> bool:
    """Whether another connection waits for what this one holds."""
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        cursor.execute(waiting)
        return cursor.fetchone() is not None
