"""PostgreSQL, Redis, web, workers and beat as real processes of one test, to be killed, frozen and started again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import psycopg2
import redis
from django.db import connections
from django.utils import timezone

from alignment.celery import app
from alignment.health import alerts
from alignment.health.checks import BEAT, heartbeat_of
from alignment.health.models import Heartbeat
from alignment.kernel import queue
from alignment.local import postgres, processes, programs, servers
from alignment.local.processes import Process
from alignment.local.servers import POSTGRES, REDIS
from alignment.outbox.models import Notice, NoticeState
from tests.fault.mailbox import Mailbox
from tests.scraping import figures

PROJECT = servers.PROJECT
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PATIENCE = 60.0
LINE = re.compile(r"(?P<figure>\w+) (?P<is>== 0|> (?P<line>\d+))")
KEY = "the-key-of-those-who-watch-over-it-0123456789"


def until(condition: Callable[[], object], *, within: float, what: str, every: float = 0.05) -> float:
    """Wait until the condition holds and return the seconds that took; fail with ``what`` where it takes too long."""
    began = time.monotonic()
    if not processes.wait_until(condition, within, every):
        raise AssertionError(f"{what}: not within {within:.0f} s")
    return time.monotonic() - began


@dataclass
class Servers:
    """PostgreSQL and Redis of their own, which nobody else uses."""

    folder: Path
    running: servers.Servers = field(default_factory=servers.Servers)

    def start(self) -> None:
        """Start what does not run and wake what is frozen."""
        for server in self.running.values():
            server.process.send(signal.SIGCONT)
        self.running = servers.start(self.folder, tied=signal.SIGINT)

    def process(self, name: str) -> Process:
        return self.running[name].process

    def end(self, name: str, how: signal.Signals) -> None:
        """End a server at once: SIGKILL, or for PostgreSQL SIGQUIT, which is its ``-m immediate``."""
        self.process(name).send(how)
        until(lambda: not self.process(name).is_alive, within=10, what=f"{name} ends")

    def database_url(self, database: str) -> str:
        """The address of one database."""
        return urlsplit(self.running[POSTGRES].url)._replace(path=f"/{database}").geturl()

    def application_url(self, database: str) -> str:
        """The address of one database for the role that owns nothing."""
        return postgres.application_url(self.database_url(database))

    def execute(self, *statements: str, as_superuser: bool = False) -> None:
        """Run statements for the whole server, outside any transaction."""
        address = urlsplit(self.database_url("postgres"))
        if as_superuser:
            password = processes.read(self.folder / "postgres.json")["password"]
            address = address._replace(netloc=f"{postgres.SUPERUSER}:{password}@{address.hostname}:{address.port}")
        with closing(psycopg2.connect(address.geturl())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.running[REDIS].url, socket_timeout=5)


@contextmanager
def private_servers() -> Iterator[Servers]:
    """Give servers in a folder of their own; they end with the block, or with this process."""
    folder = Path(tempfile.mkdtemp(prefix=servers.THROWAWAY))
    folder.chmod(0o711)
    with processes.held(folder / "owner.lock", seconds=0, refusal=f"{folder} is in use."):
        own = Servers(folder)
        try:
            own.start()
            yield own
        finally:
            for process in servers.status(folder).values():
                process.send(signal.SIGCONT)
            servers.discard(folder)


@contextmanager
def django_at(database_url: str, redis_url: str) -> Iterator[None]:
    """Let this process work on that database and ring at that Redis."""
    ours = connections.settings["default"]
    before, broker = dict(ours), app.conf.broker_url
    connections.close_all()
    ours.update({key: value for key, value in environ.Env.db_url_config(database_url).items() if key != "OPTIONS"})
    app.conf.broker_url = redis_url
    queue._doorbell.cache_clear()
    try:
        yield
    finally:
        connections.close_all()
        ours.update(before)
        app.conf.broker_url = broker
        queue._doorbell.cache_clear()


def until_sent(*, within: float) -> float:
    """Wait until no notice waits any longer, and say what holds up those that do."""
    waiting = Notice.objects.filter(state=NoticeState.PENDING)
    try:
        return until(lambda: not waiting.exists(), within=within, what="all mails leave")
    except AssertionError as error:
        held_up = waiting.values_list("template", "attempts", "next_at", "claimed_until", "last_error")
        raise AssertionError(f"{error}; {waiting.count()} wait: {list(held_up[:3])}") from None


def ring(task: str, *calls: dict[str, int]) -> None:
    """Send a task as a program of our own would, once for each set of arguments (or once without any)."""
    with app.connection_for_write() as connection:
        for arguments in calls or ({},):
            app.send_task(task, kwargs=arguments, connection=connection)


class Stack:
    """The application on its own database, one process each for web and beat, any number of workers."""

    def __init__(self, own: Servers, database: str, folder: Path) -> None:
        self.servers, self.database, self.folder = own, database, folder
        self.port = processes.free_port()
        self.mailbox = Mailbox(folder / "mails")
        self.mailbox.folder.mkdir()
        self.variables: dict[str, str] = {}
        self.queues: dict[str, str] = {}
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    # -- processes ---------------------------------------------------------------------------------------

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment of the processes under test."""
        kept = {key: value for key, value in os.environ.items() if key not in ("FAILPOINT", "PYTEST_CURRENT_TEST")}
        return {
            **kept,
            "DJANGO_SETTINGS_MODULE": "tests.fault.settings",
            "DATABASE_URL": self.servers.application_url(self.database),
            "REDIS_URL": self.servers.running[REDIS].url,
            "FAULT_MAILBOX": str(self.mailbox.folder),
            "METRICS_KEY": KEY,
            "TMPDIR": str(self.folder),  # what a killed process leaves behind goes with the test
            **self.variables,
            **variables,
        }

    def as_owner(self) -> dict[str, str]:
        """The variables with which ``migrate`` works as the owner; the settings of the tests know one role only."""
        owner = self.servers.database_url(self.database)
        return {"DATABASE_OWNER_URL": owner, "DJANGO_SETTINGS_MODULE": "alignment.settings.dev"}

    def start(self, *names: str, **variables: str) -> None:
        """Start ``web``, ``worker``, ``beat`` (or ``worker-2`` ...) and wait until they do their work."""
        began = timezone.now()
        for name in names:
            self.launch(name, **variables)
        for name in names:
            self._wait_for(name, began)

    def launch(self, name: str, **variables: str) -> None:
        """Start a process without waiting for it."""
        if name in self.children:
            self.end(name)
        kind = name.partition("-")[0]
        program = {
            "web": lambda: programs.web(self.port),
            "worker": programs.worker,
            "beat": lambda: programs.beat(self.folder / f"{name}-schedule"),
        }[kind]()
        # What a worker serves, where it is not everything as in `make run`; the last -Q counts.
        serves = ["-Q", self.queues[name]] if name in self.queues else []
        # A beat that is new rings for the first time after one interval.
        self.children[name] = processes.spawn(
            [*program.command, *(["-n", f"{name}@%h", *serves] if kind == "worker" else [])],
            log=self.log(name),
            tied=signal.SIGTERM,
            cwd=PROJECT,
            env=self.environment(**program.variables, **variables),
        )

    def run(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a management command; its output is kept for the caller."""
        self.children[f"manage-{len(self.children)}"] = child = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=processes.dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 (no threads here)
        )
        return child

    def end(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a process and all its children at once, as a power cut does."""
        child = self.children.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, how)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def revive(self) -> list[str]:
        """Start again what has ended by itself, as whatever runs the containers does; return the names."""
        ended = [name for name in ("web", "worker", "beat") if name in self.children and not self.is_running(name)]
        for name in ended:
            self.launch(name)
        return ended

    def signal(self, name: str, number: signal.Signals) -> None:
        """Signal a process and all its children."""
        os.killpg(self.pid(name), number)

    def end_all(self) -> None:
        for name in list(self.children):
            self.end(name)

    def pid(self, name: str) -> int:
        return self.children[name].pid

    def is_running(self, name: str) -> bool:
        return self.children[name].poll() is None

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def pool_children(self, name: str) -> list[int]:
        """The processes that a program has started."""
        return [int(pid) for pid in Path(f"/proc/{self.pid(name)}/task/{self.pid(name)}/children").read_text().split()]

    def all_processes(self) -> dict[str, list[int]]:
        """Web, worker and beat with all their children, as far as they run."""
        names = [name for name in self.children if name.partition("-")[0] in ("web", "worker", "beat")]
        return {name: [self.pid(name), *self.pool_children(name)] for name in names if self.is_running(name)}

    def _wait_for(self, name: str, began: datetime) -> None:
        kind = name.partition("-")[0]
        if kind == "web":
            question = self._web_answers
        elif kind == "beat":
            question = lambda: self._has_beaten(BEAT, began)  # noqa: E731
        else:
            queue = self.queues.get(name, "default").partition(",")[0]
            question = lambda: self._has_beaten(heartbeat_of(queue), began)  # noqa: E731

        def is_up() -> bool:
            if not self.is_running(name):
                raise AssertionError(f"{name} ended:\n{processes.last_lines(self.log(name), 40)}")
            return question()

        until(is_up, within=PATIENCE, what=f"{name} starts:\n{processes.last_lines(self.log(name), 40)}")

    def _web_answers(self) -> bool:
        with suppress(OSError):
            return self.get("/healthz").status == 200
        return False

    def _has_beaten(self, name: str, began: datetime) -> bool:
        since = began + timedelta(seconds=float(self.variables.get("FAULT_CLOCK", 0)))
        return Heartbeat.objects.filter(name=name, at__gte=since).exists()

    # -- what those see who watch over it ----------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://{processes.LOOPBACK}:{self.port}"

    def get(self, path: str) -> Answer:
        """Ask for a page, with the key of monitoring; raises ``OSError`` where nobody answers."""
        began = time.monotonic()
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {KEY}"})
        try:
            with DIRECT.open(request, timeout=10) as reply:
                return Answer(reply.status, reply.read(), time.monotonic() - began)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read(), time.monotonic() - began)

    def broken_parts(self) -> set[str]:
        """The parts that ``/readyz`` says do not work; empty when it answers 200."""
        answer = self.get("/readyz")
        broken = {name for name, part in answer.json()["parts"].items() if not part["ok"]}
        assert answer.status == (503 if broken else 200)
        return broken

    def alerts(self) -> set[tuple[str, str]]:
        """The alerts over whose line a figure of ``/metrics`` is, each with what it is about."""
        answer = self.get("/metrics")
        assert answer.status == 200
        found = figures(answer.body.decode())
        return {
            (rule.name, *labels)
            for rule in alerts.RULES
            if (line := LINE.fullmatch(rule.expr))
            for labels, value in found.get(line["figure"], {}).items()
            if (value == 0 if line["is"] == "== 0" else value > float(line["line"]))
        }

    def is_alive(self) -> bool:
        """Whether ``/healthz`` says so, within a second."""
        answer = self.get("/healthz")
        return answer.status == 200 and answer.seconds < 1


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)
