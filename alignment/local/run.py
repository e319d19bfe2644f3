"""`make run`: servers, database, demo data, web, worker and beat as one; what it started it also stops."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from alignment.local import postgres, processes, servers
from alignment.local.processes import LOOPBACK, LocalError
from alignment.local.programs import MANAGE, programs
from alignment.local.servers import FOLDER, POSTGRES, PROJECT, Servers
from alignment.local.supervisor import Interrupts, Stopped, Supervisor, how_it_ended

READY_WITHIN = 120.0
SAY_EVERY = 15.0


def run(folder: Path = FOLDER) -> int:
    """Run the whole application until Ctrl-C or until one of its processes ends."""
    folder.mkdir(parents=True, exist_ok=True)
    refusal = "`make run` is already running in this folder: stop it with Ctrl-C there, or with `make stop`."
    with Interrupts() as interrupts, processes.held(folder / "run.lock", seconds=0, refusal=refusal):
        try:
            port = web_port()
            say("Starting PostgreSQL and Redis ...")
            with embedded(folder, interrupts) as pair:
                _serve(Supervisor(folder / "log", interrupts), folder, port, pair)
        except Stopped:
            say("Stopped.")
    return 0


def _serve(supervisor: Supervisor, folder: Path, port: int, pair: Servers) -> None:
    environment, owner = environment_for(port, pair), owner_of(pair)
    told = {"SITE_URL": environment["SITE_URL"]}
    servers.tell(folder, {**told, **owner, "DATABASE_URL": environment["DATABASE_URL"]} if owner else told)
    say("Preparing the database, the first time with demo data ...")
    prepare(folder / "log" / "prepare.log", environment, owner)
    supervisor.watched = pair.processes()
    people = subprocess.Popen(
        [*MANAGE, "demo_sign_ins"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        for program in programs(port, folder):
            supervisor.start(program, environment)
        supervisor.wait_for(f"http://{LOOPBACK}:{port}/healthz", seconds=READY_WITHIN)
        names = ", ".join(" ".join(line.split()) for line in people.communicate()[0].splitlines())
        say(f"Ready: http://{LOOPBACK}:{port}/ (Ctrl-C stops)" + (f" - sign in as {names}" if names else ""))
        supervisor.watch()
    finally:
        supervisor.stop()
        servers.tell(folder, {"SITE_URL": None, **dict.fromkeys(owner), **pair.variables()})
        people.kill()
        people.wait()


def web_port() -> int:
    """Return the port for the web pages, or say why it can't be had."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise LocalError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    if not processes.is_free(int(text)):
        raise LocalError(f"Port {text} is in use by another program. Choose a free one: PORT=8001 make run")
    return int(text)


@contextmanager
def embedded(folder: Path, interrupts: Interrupts) -> Iterator[Servers]:
    """Give the servers that the environment does not name; end them unless they ran before."""
    wanted = {name for name, variable in servers.VARIABLES.items() if not os.environ.get(variable)}
    record = folder / "run.json"
    left_behind = processes.read(record).get("started", [])  # by a run that was killed: we hold its lock
    started = [name for name in wanted if name in left_behind or name not in servers.status(folder)]
    me = processes.find(os.getpid())
    processes.write(record, {"started": started, **(me.as_dict() if me else {})})
    try:
        yield servers.start(folder, wanted=wanted)
    finally:
        interrupts.is_stopping = True
        servers.stop(folder, started)
        record.unlink(missing_ok=True)


def environment_for(port: int, pair: Servers) -> dict[str, str]:
    """Return the environment of the programs: what the caller set wins over our defaults."""
    defaults = {
        "DJANGO_SETTINGS_MODULE": "alignment.settings.dev",
        "DEMO": "1",
        "PORT": str(port),
        "SITE_URL": f"http://{LOOPBACK}:{port}",
        **pair.variables(),
    }
    if POSTGRES in pair:
        defaults["DATABASE_URL"] = postgres.application_url(pair[POSTGRES].url)
    return {**defaults, **{key: value for key, value in os.environ.items() if value or key not in defaults}}


def owner_of(pair: Servers) -> dict[str, str]:
    """Return what leads `migrate` to the owner of the tables on the server that we started."""
    return {"DATABASE_OWNER_URL": pair[POSTGRES].url} if POSTGRES in pair else {}


def prepare(log: Path, environment: Mapping[str, str], owner: Mapping[str, str]) -> None:
    """Bring database and translations up to date, the former as its owner, and fill an empty demo."""
    log.unlink(missing_ok=True)
    up_to_date = [[*MANAGE, "migrate", "--no-input"], [*MANAGE, "compile_translations"]]
    run_side_by_side(up_to_date, log, {**environment, **owner})
    if environment["DEMO"].lower() in {"1", "true", "yes", "on"}:
        run_side_by_side([[*MANAGE, "seed_demo", "--once"]], log, environment)


def run_side_by_side(commands: Sequence[Sequence[str]], log: Path, environment: Mapping[str, str]) -> None:
    """Run commands to their end at the same time; one that fails is the error."""
    children = [
        (command, processes.spawn(command, log=log, tied=signal.SIGTERM, cwd=PROJECT, env=environment))
        for command in commands
    ]
    try:
        for command, child in children:
            what = " ".join(command[1:])
            wait_aloud(child, what)
            if child.returncode:
                raise LocalError(f"{what} {how_it_ended(child.returncode)}:\n{processes.last_lines(log, 30)}")
    finally:
        for _command, child in children:
            child.terminate()
            child.wait()


def wait_aloud(child: subprocess.Popen[bytes], what: str) -> None:
    """Wait for a command; say now and then that it is still at work."""
    began = time.monotonic()
    while child.poll() is None:
        try:
            child.wait(SAY_EVERY)
        except subprocess.TimeoutExpired:
            say(f"  ... {what}: {time.monotonic() - began:.0f} s")


def stop(folder: Path = FOLDER) -> list[str]:
    """End a `make run` of this folder, if there is one, and the servers; return the names of what ran."""
    runner = processes.recorded(processes.read(folder / "run.json"))
    names = list(servers.status(folder))
    if runner:
        runner.send(signal.SIGTERM)
        if not runner.wait(120):
            raise LocalError(f"`make run` (process {runner.pid}) does not end.")
        names.append("web, worker and beat")
    servers.stop(folder)
    if names:
        servers.tell(folder, {"SITE_URL": None, "DATABASE_OWNER_URL": None})  # of a run that was killed
    return names


def run_using(command: Sequence[str], folder: Path = FOLDER) -> int:
    """Run a command on the lasting servers, started for it if they do not run."""
    wanted = {name for name, variable in servers.VARIABLES.items() if not os.environ.get(variable)}
    before = servers.status(folder)
    try:
        return run_command(command, servers.start(folder, wanted=wanted))
    finally:
        servers.stop(folder, wanted - before.keys())


def run_command(command: Sequence[str], pair: Servers) -> int:
    """Run a command with the addresses of servers in its environment; Ctrl-C and TERM are for it first."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tie = processes.dies_with_parent(signal.SIGTERM)
    variables = {**os.environ, **pair.variables()}
    child = subprocess.Popen(command, env=variables, preexec_fn=tie)  # noqa: PLW1509 (no threads here)
    try:
        return child.wait()
    except KeyboardInterrupt:  # Ctrl-C reaches the command by itself, TERM does not
        for number in (None, signal.SIGINT, signal.SIGKILL):
            if number:
                child.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                return child.wait(timeout=20 if number else 2) or 130
        return 130


def say(text: str) -> None:
    """Tell the person at the terminal at once."""
    print(text, flush=True)
