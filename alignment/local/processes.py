"""The processes this project starts on one machine: who they are, whether they live, how they end."""

import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
PR_SET_PDEATHSIG = 1


class LocalError(Exception):
    """Something a person can put right; its text is all they need to see."""


@dataclass(frozen=True)
class Process:
    """A process by number *and* birth: a number alone is soon given to somebody else."""

    pid: int
    born: str

    @property
    def is_alive(self) -> bool:
        """Whether this very process, not another with its number, is still running."""
        return born(self.pid) == self.born

    def send(self, number: signal.Signals) -> None:
        """Signal the process if it is still this one."""
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for the end; tell whether it came in time."""
        return wait_until(lambda: not self.is_alive, seconds)

    def as_dict(self) -> dict[str, Any]:
        """Return what a pid file holds."""
        return asdict(self)


def born(pid: int) -> str | None:
    """Say when process `pid` began, in words no later process can repeat; None if there is none."""
    if not Path("/proc/self/stat").exists():
        question = ["ps", "-o", "state=,lstart=", "-p", str(pid)]
        words = subprocess.run(question, capture_output=True, text=True, check=False).stdout.split()
        return " ".join(words[1:]) if words and not words[0].startswith("Z") else None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def find(pid: int) -> Process | None:
    """Return the living process with this number."""
    birth = born(pid)
    return Process(pid, birth) if birth else None


def read(file: Path) -> dict[str, Any]:
    """Read a state file; one that is missing or was cut short counts as empty."""
    with suppress(OSError, ValueError):
        state = json.loads(file.read_text(encoding="utf-8"))
        return state if isinstance(state, dict) else {}
    return {}


def recorded(state: Mapping[str, Any]) -> Process | None:
    """Return the process a state file names, if it is still that process."""
    try:
        process = Process(int(state["pid"]), str(state["born"]))
    except (KeyError, TypeError, ValueError):
        return None
    return process if process.is_alive else None


def write_private(file: Path, text: str) -> None:
    """Replace a file in one step; only the owner may read it."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(file)


def write(file: Path, state: Mapping[str, Any]) -> None:
    """Write a state file that only its owner may read."""
    write_private(file, json.dumps(state, indent=1) + "\n")


def wait_until(condition: Callable[[], object], seconds: float, every: float = 0.02) -> bool:
    """Ask `condition` until it holds; tell whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen on this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(wish: int = 0) -> int:
    """Return the port wished for when it is free (addresses then survive a restart), else any free one."""
    if wish and is_free(wish):
        return wish
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def last_lines(log: Path, count: int = 12) -> str:
    """Return the end of a log file, indented for a message."""
    with suppress(OSError), log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 16_384))
        lines = stream.read().decode(errors="replace").splitlines()[-count:]
        return "\n".join(f"    {line}" for line in lines)
    return ""


def dies_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Return what to run in a child so that it gets a signal when its starter is killed (Linux only)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number))

    return ask_the_kernel


def spawn(
    command: Sequence[str], *, log: Path, tied: signal.Signals | None = None, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, out of reach of Ctrl-C; its output goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        return subprocess.Popen(
            command,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dies_with_parent(tied) if tied else None,  # noqa: PLW1509 (no threads here)
            **options,
        )


@contextmanager
def held(file: Path, *, seconds: float, refusal: str) -> Iterator[None]:
    """Hold a lock that ends with this process, however it ends; say `refusal` if someone else keeps it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as stream:
        if not wait_until(lambda: _locked(stream.fileno()), seconds):
            raise LocalError(refusal)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
