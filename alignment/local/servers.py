"""PostgreSQL and Redis for one folder of this machine, lasting or for the length of one command."""

import shutil
import signal
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from alignment.local import postgres, processes, redis_server
from alignment.local.processes import LocalError, Process

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".local"
THROWAWAY = "alignment-test-"
POSTGRES, REDIS = "PostgreSQL", "Redis"
VARIABLES = {POSTGRES: "DATABASE_URL", REDIS: "REDIS_URL"}
STARTERS = {POSTGRES: postgres.start, REDIS: redis_server.start}
STOPPERS = {POSTGRES: postgres.stop, REDIS: redis_server.stop}


@dataclass(frozen=True)
class Server:
    """A running server and how to reach it."""

    process: Process
    url: str


class Servers(dict[str, Server]):
    """The running servers by name."""

    def variables(self) -> dict[str, str]:
        """Return the settings that lead to the servers."""
        return {VARIABLES[name]: server.url for name, server in self.items()}

    def processes(self) -> dict[str, Process]:
        """Return the servers' processes by name."""
        return {name: server.process for name, server in self.items()}


def start(
    folder: Path = FOLDER,
    *,
    wanted: Collection[str] = VARIABLES,
    durable: bool = True,
    tied: signal.Signals | None = None,
) -> Servers:
    """Start what is wanted and not running yet, and write services.env for the settings to find."""
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder):
        before, pair = status(folder), Servers()
        try:
            for name in (name for name in VARIABLES if name in wanted):
                pair[name] = Server(*STARTERS[name](folder, durable=durable, tied=tied))
        except LocalError:
            for name in pair.keys() - before.keys():
                STOPPERS[name](pair[name].process)
            raise
        tell(folder, pair.variables())
    return pair


def stop(folder: Path = FOLDER, names: Collection[str] = tuple(VARIABLES)) -> list[str]:
    """End the servers of `folder`, or only those named; return the names of those that ran."""
    if not folder.exists():
        return []
    with _one_at_a_time(folder):
        running = {name: process for name, process in status(folder).items() if name in names}
        tell(folder, dict.fromkeys([VARIABLES[name] for name in names]))
        for name, process in running.items():
            STOPPERS[name](process)
    return list(running)


def tell(folder: Path, variables: Mapping[str, str | None]) -> None:
    """Write settings into services.env, where programs of this folder find them; None takes one out."""
    file = folder / "services.env"
    before = dict(line.split("=", 1) for line in file.read_text().splitlines()) if file.exists() else {}
    kept = {key: value for key, value in {**before, **variables}.items() if value is not None}
    if kept:
        processes.write_private(file, "".join(f"{key}={value}\n" for key, value in kept.items()))
    else:
        file.unlink(missing_ok=True)


def status(folder: Path = FOLDER) -> dict[str, Process]:
    """Return which servers of `folder` run."""
    found = {REDIS: redis_server.running(folder), POSTGRES: postgres.running(folder)}
    return {name: process for name, process in found.items() if process}


@contextmanager
def throwaway() -> Iterator[Servers]:
    """Give servers whose data ends with the block, in a folder of their own."""
    base = Path(tempfile.gettempdir())
    for folder in base.glob(f"{THROWAWAY}*"):
        with suppress(OSError, LocalError):
            _sweep(folder)
    folder = Path(tempfile.mkdtemp(prefix=THROWAWAY, dir=base))
    folder.chmod(0o711)
    with _owner(folder):
        try:
            yield start(folder, durable=False, tied=signal.SIGINT)
        finally:
            discard(folder)


def _sweep(folder: Path) -> None:
    """Clear away what a killed run left: nobody holds its lock, and it is not just being made."""
    if time.time() - folder.stat().st_mtime > 60:
        with _owner(folder):
            discard(folder)


def discard(folder: Path = FOLDER) -> None:
    """Stop the servers of `folder` and delete all it holds, wherever the data had to be put."""
    stop(folder)
    postgres.discard(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _one_at_a_time(folder: Path) -> AbstractContextManager[None]:
    refusal = f"Another start or stop of the servers holds {folder}/servers.lock."
    return processes.held(folder / "servers.lock", seconds=90, refusal=refusal)


def _owner(folder: Path) -> AbstractContextManager[None]:
    return processes.held(folder / "owner.lock", seconds=0, refusal=f"{folder} is in use.")
