"""Start programs, watch them, and end all of them when one ends or someone asks."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from alignment.local import processes
from alignment.local.processes import LocalError, Process
from alignment.local.programs import Program
from alignment.local.servers import PROJECT

PATIENCE = 25.0  # for a request, a task or a tick that is under way
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Someone asked us to end."""


class Interrupts:
    """Ctrl-C, TERM and HUP: the first asks us to stop, the next to hurry; none cuts the stopping short."""

    def __init__(self) -> None:
        """Begin with nobody having asked."""
        self.is_stopping = False
        self.is_urgent = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Listen from now on."""
        self._before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Leave the signals as they were."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_stopping:
            self.is_urgent = True
            return
        self.is_stopping = True
        raise Stopped


class Supervisor:
    """The programs of one run, and the servers to watch beside them."""

    def __init__(self, logs: Path, interrupts: Interrupts) -> None:
        """Remember where the logs go and whom to ask whether to hurry."""
        self.logs = logs
        self.interrupts = interrupts
        self.watched: dict[str, Process] = {}
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, program: Program, environment: Mapping[str, str]) -> None:
        """Start a program with a fresh log; it ends with us even if we are killed."""
        log = self.log(program.name)
        with suppress(FileNotFoundError):
            log.rename(log.with_suffix(".log.old"))
        variables = {**environment, **program.variables}
        self.children[program.name] = processes.spawn(
            program.command, log=log, tied=signal.SIGTERM, cwd=PROJECT, env=variables
        )

    def log(self, name: str) -> Path:
        """Return the log file of a program or server."""
        return self.logs / f"{name.lower()}.log"

    def check(self) -> None:
        """Raise, saying which process ended and why, as soon as one did."""
        for name, child in self.children.items():
            if child.poll() is not None:
                raise self._obituary(name, how_it_ended(child.returncode))
        for name, process in self.watched.items():
            if not process.is_alive:
                raise self._obituary(name, "ended")

    def watch(self) -> None:
        """Stay until a process ends or someone asks us to end."""
        while True:
            self.check()
            time.sleep(0.2)

    def wait_for(self, url: str, *, seconds: float) -> None:
        """Wait until the web program answers."""
        deadline = time.monotonic() + seconds
        while not answers(url):
            self.check()
            if time.monotonic() > deadline:
                raise self._obituary("web", f"gave no good answer at {url} within {seconds:.0f} seconds")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the programs, the last one started first, each politely and then by force."""
        self.interrupts.is_stopping = True
        for name, child in reversed(self.children.items()):
            child.terminate()
            if not processes.wait_until(partial(self._may_go_on, child), PATIENCE):
                print(f"{name} does not end: using force.", flush=True)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)  # also clears away its own children
            child.wait()
        self.children.clear()

    def _may_go_on(self, child: subprocess.Popen[bytes]) -> bool:
        return child.poll() is not None or self.interrupts.is_urgent

    def _obituary(self, name: str, how: str) -> LocalError:
        log = self.log(name)
        lines = processes.last_lines(log) or "    (nothing)"
        return LocalError(f"{name} {how}, so everything was stopped. The end of {log}:\n{lines}")


def how_it_ended(code: int) -> str:
    """Say a process's exit code in words."""
    return f"ended with exit code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"


def answers(url: str) -> bool:
    """Tell whether an address answers with success."""
    try:
        with DIRECT.open(url, timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
