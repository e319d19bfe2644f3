"""Does each part work? One function per part; what it says names an age at most, never an address or a secret."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from alignment.health.models import Heartbeat
from alignment.health.recent import Recent

log = structlog.get_logger(__name__)

DATABASE, REDIS, WORKER, BEAT, MIGRATIONS = "database", "redis", "worker", "beat", "migrations"
QUEUES = ("notice", "import", "report", "default")
"""Every queue that a worker must serve; the heartbeat of each is a row of its own."""

SILENT_AFTER = timedelta(seconds=60)
"""Beat writes every 10 s, a worker every 20 s; after three missed ones the part counts as stopped."""

BROKER_TIMEOUT = 1.0
DATABASE_TIMEOUT = 3.0


@dataclass(frozen=True)
class Part:
    """One part of the system: does it work, and since how many seconds has it been silent.

    ``silent`` names the queues that nobody serves while others are served.
    """

    name: str
    is_ok: bool
    age: int | None = None
    silent: tuple[str, ...] = ()

    def as_dict(self, *, with_details: bool) -> dict[str, Any]:
        """The part as the probe shows it: to everybody whether it works, to operators since when not."""
        if not with_details:
            return {"ok": self.is_ok}
        age = {} if self.age is None else {"age_seconds": self.age}
        return {"ok": self.is_ok} | age | ({"silent": list(self.silent)} if self.silent else {})


@dataclass(frozen=True)
class Report:
    """All parts at one moment."""

    parts: tuple[Part, ...]

    @property
    def is_ready(self) -> bool:
        return all(part.is_ok for part in self.parts)


def heartbeat_of(queue: str) -> str:
    """The name of the row that shows that a worker serves this queue."""
    return f"{WORKER}:{queue}"


HEARTBEATS = (*(heartbeat_of(queue) for queue in QUEUES), BEAT)


@contextmanager
def cut_off_after(seconds: float) -> Iterator[None]:
    """End the connection of a database that takes longer: a server that is frozen keeps no time limit of its own."""
    ours, is_over = connections[connection.alias], threading.Event()

    def watch() -> None:
        wait = seconds
        while not is_over.wait(wait):
            wait = 0.2
            with suppress(Exception), socket.socket(fileno=os.dup(ours.connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()


def report(*, now: datetime) -> Report:
    """Ask every part; what lives in the database is not asked where that does not answer."""
    with cut_off_after(DATABASE_TIMEOUT):
        database = _guarded(DATABASE, lambda: Part(DATABASE, is_database_there()))
        if not database.is_ok and not connection.in_atomic_block:
            connection.close()  # the next one who asks connects anew
        kept_there = {WORKER: lambda: _worker(now), BEAT: lambda: _beat(now), MIGRATIONS: _migrations}
        rest = [_guarded(name, ask) if database.is_ok else Part(name, False) for name, ask in kept_there.items()]
    return Report((database, _guarded(REDIS, lambda: Part(REDIS, is_redis_there())), *rest))


_UNKNOWN = Report(tuple(Part(name, is_ok=False) for name in (DATABASE, REDIS, WORKER, BEAT, MIGRATIONS)))
recent_report = Recent(report, unknown=_UNKNOWN)


def is_database_there() -> bool:
    """Ask PostgreSQL for one row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def is_redis_there() -> bool:
    """Ask Redis to answer at all."""
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=BROKER_TIMEOUT, socket_connect_timeout=BROKER_TIMEOUT, retry=None
    ) as client:
        return bool(client.ping())


def silences(*, now: datetime) -> dict[str, timedelta | None]:
    """How long each heartbeat has not been heard; None where it never was (one query)."""
    heard = dict(Heartbeat.objects.filter(name__in=HEARTBEATS).values_list("name", "at"))
    return {name: max(now - heard[name], timedelta(0)) if name in heard else None for name in HEARTBEATS}


def unapplied_migrations() -> list[str]:
    """Name what the code expects and the database does not have."""
    wanted = _wanted_migrations()
    return sorted(f"{app}.{name}" for app, name in wanted - set(MigrationRecorder(connection).applied_migrations()))


@cache
def _wanted_migrations() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None)
    return frozenset(loader.graph.nodes)


def _worker(now: datetime) -> Part:
    found = silences(now=now)
    lengths = {queue: found[heartbeat_of(queue)] for queue in QUEUES}
    silent = tuple(queue for queue, length in lengths.items() if length is None or length > SILENT_AFTER)
    part = _alive(WORKER, list(lengths.values()))
    return replace(part, silent=silent) if len(silent) < len(QUEUES) else part


def _beat(now: datetime) -> Part:
    return _alive(BEAT, [silences(now=now)[BEAT]])


def _migrations() -> Part:
    return Part(MIGRATIONS, not unapplied_migrations())


def _alive(name: str, lengths: list[timedelta | None]) -> Part:
    known = [length for length in lengths if length is not None]
    if len(known) < len(lengths):
        return Part(name, is_ok=False)
    return Part(name, max(known) <= SILENT_AFTER, age=int(max(known).total_seconds()))


def _guarded(name: str, ask: Callable[[], Part]) -> Part:
    try:
        return ask()
    except Exception as error:  # whatever the fault: this part does not work
        log.warning("part_does_not_answer", part=name, error=repr(error))
        return Part(name, is_ok=False)
