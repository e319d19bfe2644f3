"""Real threads that start together against the real database."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

from alignment.kernel.errors import DomainError


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
