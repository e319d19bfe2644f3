"""Looks at everything that has to work, and says of each fault how to mend it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.utils import timezone

from alignment.health import checks, instance
from alignment.outbox.models import Notice, NoticeState

CLOCK_TOLERANCE = timedelta(seconds=5)
MAIL_PATIENCE = timedelta(minutes=3)
FULL_DISK = 0.95
URL_TIMEOUT = 5
START_WORKER = "celery -A alignment worker -Q notice,import,report,default"
START_BEAT = "celery -A alignment beat -S alignment.health.beat:HeartbeatScheduler"


@dataclass(frozen=True)
class Finding:
    """What was found about one part, and how to mend it where that is needed."""

    part: str
    is_ok: bool
    says: str
    mend: str = ""


class Fault(Exception):
    """Something is wrong: what, and how to mend it."""

    def __init__(self, says: str, mend: str) -> None:
        super().__init__(says)
        self.says = says
        self.mend = mend


def examine(*, now: datetime) -> list[Finding]:
    """Examine every part; a part that cannot even be asked is a finding, too."""
    examinations: dict[str, Callable[[datetime], str]] = {
        "database": _database,
        "migrations": _migrations,
        "redis": _redis,
        "worker": lambda at: _sign_of_life(checks.WORKER, at, START_WORKER),
        "beat": lambda at: _sign_of_life(checks.BEAT, at, START_BEAT),
        "address": _address,
        "mail": _mail,
        "waiting mails": _waiting_mails,
        "clock": _clock,
        "disk": _disk,
    }
    return [_finding(part, examination, now) for part, examination in examinations.items()]


def _finding(part: str, examination: Callable[[datetime], str], now: datetime) -> Finding:
    try:
        return Finding(part, is_ok=True, says=examination(now))
    except Fault as fault:
        return Finding(part, is_ok=False, says=fault.says, mend=fault.mend)
    except Exception as error:  # a doctor who faints helps nobody
        connection.close()
        return Finding(part, False, f"It cannot be asked: {_short(error)}", "Mend what stands above it first.")


def _database(_now: datetime) -> str:
    try:
        checks.is_database_there()
    except Exception as error:
        raise Fault(
            f"PostgreSQL does not answer: {_short(error)}", "Start it, or set DATABASE_URL to where it runs."
        ) from error
    return f"PostgreSQL answers (version {connection.pg_version // 10000})."  # type: ignore[attr-defined]


def _migrations(_now: datetime) -> str:
    if missing := checks.unapplied_migrations():
        raise Fault(f"{len(missing)} are not applied, the first is {missing[0]}.", "Run: manage.py migrate")
    return "All are applied."


def _redis(_now: datetime) -> str:
    try:
        checks.is_redis_there()
    except Exception as error:
        raise Fault(
            f"Redis does not answer: {_short(error)}",
            "Start it, or set REDIS_URL. Until then everything is done up to a minute later, and nothing is lost.",
        ) from error
    return "Redis answers."


def _sign_of_life(name: str, now: datetime, command: str) -> str:
    silence = checks.silent_for(name, now)
    if silence is None:
        raise Fault("It has never run here.", f"Start it: {command}")
    seconds = int(silence.total_seconds())
    if silence > checks.SILENT_AFTER:
        raise Fault(f"Last heard of {seconds} s ago.", f"Look into its log, then start it again: {command}")
    return f"Last heard of {seconds} s ago."


def _address(_now: datetime) -> str:
    url = f"{settings.SITE_URL}/healthz"
    mend = (
        f"Set SITE_URL to the address that people type, and see that the proxy leads there. It is {settings.SITE_URL}"
    )
    try:
        with urlopen(Request(url), timeout=URL_TIMEOUT) as answer:
            found = json.loads(answer.read(10_000))
    except HTTPError as error:
        raise Fault(f"{url} answers {error.code}.", mend) from error
    except (URLError, OSError, ValueError) as error:
        raise Fault(f"{url} does not answer: {_short(error)}", mend) from error
    if not isinstance(found, dict) or found.get("instance") != instance.ID:
        raise Fault(f"Another installation answers at {settings.SITE_URL}.", mend)
    return f"{settings.SITE_URL} leads here."


def _mail(_now: datetime) -> str:
    if ".smtp." not in settings.EMAIL_BACKEND:
        return f"No mail server is set (EMAIL_URL): {settings.EMAIL_BACKEND.rpartition('.')[2]} sends to nobody."
    server: Any = get_connection(fail_silently=False, timeout=URL_TIMEOUT)
    try:
        server.open()
        server.connection.ehlo_or_helo_if_needed()
    except Exception as error:
        raise Fault(
            f"The mail server does not let us in: {_short(error)}",
            "Check host, port, user and password in EMAIL_URL, for example smtp+tls://user:password@host:587",
        ) from error
    finally:
        server.close()
    return "The mail server lets us in."


def _waiting_mails(now: datetime) -> str:
    dead = Notice.objects.filter(state=NoticeState.DEAD).count()
    if dead:
        raise Fault(
            f"{dead} mails were given up.", "Read the reasons under Settings, Operations; mend them, then send again."
        )
    late = Notice.objects.filter(state=NoticeState.PENDING, next_at__lt=now - MAIL_PATIENCE).count()
    if late:
        raise Fault(f"{late} mails are waiting for longer than three minutes.", "See “worker”, “beat” and “mail”.")
    return "None is late, none was given up."


def _clock(_now: datetime) -> str:
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
        after = timezone.now()
    skew = max(before - theirs, theirs - after, timedelta(0))
    if skew > CLOCK_TOLERANCE:
        raise Fault(
            f"This machine and PostgreSQL differ by {skew.total_seconds():.0f} s: deadlines come out wrong.",
            "Turn on time synchronisation (NTP) on both machines.",
        )
    return "This machine and PostgreSQL agree."


def _disk(_now: datetime) -> str:
    usage = shutil.disk_usage(settings.BASE_DIR)
    share = usage.used / usage.total
    if share > FULL_DISK:
        raise Fault(f"{share:.0%} is used.", "Free some space: logs, old backups, unused images.")
    return f"{share:.0%} is used."


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
