"""Programs that accept offers through the API, numbered, from several threads, and write down every answer.

A process of its own, so that the test may start servers meanwhile. Reads its orders as JSON from standard input.
"""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from alignment.local import processes
from alignment.local.servers import PROJECT

TIMEOUT = 15.0
PAUSE_AFTER_REFUSAL = 0.3


@dataclass(frozen=True)
class Attempt:
    """One numbered request: ``status`` 0 where no answer came."""

    number: int
    handoff: int
    status: int
    code: str
    began: float
    seconds: float

    @property
    def is_answered(self) -> bool:
        """Whether the program was told that the change is made."""
        return self.status == 200

    @property
    def is_unsure(self) -> bool:
        """Whether the program knows nothing: no answer, or one that promises nothing."""
        return self.status == 0 or (self.status >= 500 and self.code != "busy")


class Accepting:
    """The running process of programs."""

    def __init__(self, stack, token: str, handoffs: Sequence[int], *, threads: int = 4, pause: float = 0.0) -> None:
        self.file = Path(stack.folder) / f"attempts-{time.time_ns()}"
        orders = {"url": stack.url, "token": token, "handoffs": handoffs, "threads": threads, "pause": pause}
        with self.file.open("w") as stream:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "tests.fault.accepting"],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=stream,
                text=True,
                start_new_session=True,
                preexec_fn=processes.dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 (no threads here)
            )
        stack.children[self.file.name] = self.child
        assert self.child.stdin
        with self.child.stdin:
            self.child.stdin.write(json.dumps(orders))

    def attempts(self) -> list[Attempt]:
        """What is written down so far."""
        lines = self.file.read_text().splitlines()
        return [Attempt(**json.loads(line)) for line in lines if line.endswith("}")]

    def stop(self) -> list[Attempt]:
        """Let each thread finish what it is at; return all attempts."""
        self.child.terminate()
        return self.finish(TIMEOUT + 5)

    def finish(self, within: float) -> list[Attempt]:
        """Wait for the last answer; return all attempts."""
        self.child.wait(within)
        return self.attempts()


def accept(url: str, token: str, number: int, handoff: int) -> Attempt:
    """Accept one offer over a connection of its own."""
    began, clock = time.time(), time.monotonic()
    status, code = 0, ""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    body = json.dumps({"comment": f"number {number}"})
    try:
        connection.request("POST", f"/api/v1/handoffs/{handoff}/accept/", body, headers)
        reply = connection.getresponse()
        content = reply.read()
        status = reply.status
        if status >= 400 and reply.getheader("Content-Type", "").startswith("application/json"):
            code = json.loads(content)["errors"][0]["code"]
    except (OSError, http.client.HTTPException) as error:
        code = repr(error)
    finally:
        connection.close()
    return Attempt(number, handoff, status, code, began, time.monotonic() - clock)


def _work(orders: dict, numbered: Iterator[tuple[int, int]], lock: threading.Lock, stopping: threading.Event) -> None:
    while not stopping.is_set():
        with lock:
            number, handoff = next(numbered, (0, 0))
        if not handoff:
            return
        attempt = accept(orders["url"], orders["token"], number, handoff)
        with lock:
            sys.stdout.write(json.dumps(vars(attempt)) + "\n")
            sys.stdout.flush()
        stopping.wait(orders["pause"] if attempt.is_answered else PAUSE_AFTER_REFUSAL)


def main(orders: dict) -> None:
    """Work until all offers are asked for or TERM comes."""
    stopping, lock = threading.Event(), threading.Lock()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    numbered: Iterable[tuple[int, int]] = enumerate(orders["handoffs"], start=1)
    iterator = iter(numbered)
    threads = [
        threading.Thread(target=_work, args=(orders, iterator, lock, stopping)) for _ in range(orders["threads"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(json.load(sys.stdin))
