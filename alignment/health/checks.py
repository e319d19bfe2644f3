"""Does each part work? One function per part; what it says names an age at most, never an address or a secret."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from alignment.health.models import Heartbeat

log = structlog.get_logger(__name__)

BEAT, WORKER = "beat", "worker"
SILENT_AFTER = timedelta(seconds=60)
"""Beat writes every 10 s, a worker every 20 s; after three missed ones the part counts as stopped."""

ASK_AGAIN_AFTER = 5.0
BROKER_TIMEOUT = 1.0


@dataclass(frozen=True)
class Part:
    """One part of the system: does it work, and since how many seconds has it been silent."""

    name: str
    is_ok: bool
    age: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The part as the probe shows it."""
        return {"ok": self.is_ok} | ({} if self.age is None else {"age_seconds": self.age})


@dataclass(frozen=True)
class Report:
    """All parts at one moment."""

    parts: tuple[Part, ...]

    @property
    def is_ready(self) -> bool:
        return all(part.is_ok for part in self.parts)


def report(*, now: datetime) -> Report:
    """Ask every part."""
    return Report(
        (
            _guarded("database", lambda: Part("database", is_database_there())),
            _guarded("redis", lambda: Part("redis", is_redis_there())),
            _guarded(WORKER, lambda: _alive(WORKER, now)),
            _guarded(BEAT, lambda: _alive(BEAT, now)),
            _guarded("migrations", lambda: Part("migrations", not unapplied_migrations())),
        )
    )


_lock = threading.Lock()
_recent: tuple[float, Report] | None = None


def recent_report(*, now: datetime) -> Report:
    """``report``, asked again only after some seconds: a probe must not become a load."""
    global _recent  # noqa: PLW0603 - one answer per process
    with _lock:
        if _recent is None or time.monotonic() - _recent[0] > ASK_AGAIN_AFTER:
            _recent = (time.monotonic(), report(now=now))
        return _recent[1]


def forget() -> None:
    """Let the next probe ask anew."""
    global _recent  # noqa: PLW0603 - see above
    _recent = None


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


def silent_for(name: str, now: datetime) -> timedelta | None:
    """How long a part has not been heard of; None where it never was."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return None if at is None else max(now - at, timedelta(0))


def unapplied_migrations() -> list[str]:
    """Name what the code expects and the database does not have."""
    wanted = _wanted_migrations()
    return sorted(f"{app}.{name}" for app, name in wanted - set(MigrationRecorder(connection).applied_migrations()))


@cache
def _wanted_migrations() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None)
    return frozenset(loader.graph.nodes)


def _alive(name: str, now: datetime) -> Part:
    silence = silent_for(name, now)
    if silence is None:
        return Part(name, is_ok=False)
    return Part(name, silence <= SILENT_AFTER, age=int(silence.total_seconds()))


def _guarded(name: str, ask: Callable[[], Part]) -> Part:
    try:
        return ask()
    except Exception as error:  # whatever the fault: this part does not work
        log.warning("part_does_not_answer", part=name, error=repr(error))
        return Part(name, is_ok=False)
