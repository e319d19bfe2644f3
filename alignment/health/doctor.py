"""Looks at everything that has to work, and says of each fault how to mend it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.shortcuts import resolve_url
from django.utils import timezone

from alignment.health import checks, instance
from alignment.kernel import privileges
from alignment.outbox.models import Notice, NoticeState

CLOCK_TOLERANCE = timedelta(seconds=5)
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


class Weakness(Fault):
    """It works, and could be safer."""


def examine(*, now: datetime) -> list[Finding]:
    """Examine every part; a part that cannot even be asked is a finding, too."""
    examinations: dict[str, Callable[[datetime], str]] = {
        "database": _database,
        "database role": _database_role,
        "migrations": _migrations,
        "redis": _redis,
        "worker": _worker,
        "beat": _beat,
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
        return Finding(part, is_ok=isinstance(fault, Weakness), says=fault.says, mend=fault.mend)
    except Exception as error:  # a doctor who faints helps nobody
        connection.close()
        return Finding(part, False, f"It cannot be asked: {_short(error)}", "Mend what stands above it first.")


def _database(_now: datetime) -> str:
    try:
        with checks.cut_off_after(checks.DATABASE_TIMEOUT):
            checks.is_database_there()
    except Exception as error:
        raise Fault(
            f"PostgreSQL does not answer: {_short(error)}", "Start it, or set DATABASE_URL to where it runs."
        ) from error
    return f"PostgreSQL answers (version {connection.pg_version // 10000})."  # type: ignore[attr-defined]


def _database_role(_now: datetime) -> str:
    if found := privileges.excess():
        raise Weakness(
            found,
            "Move this address to DATABASE_OWNER_URL, name a user of another name with a password of its own in "
            "DATABASE_URL, then run: manage.py migrate",
        )
    return "The application owns no table and cannot change history."


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


def _worker(now: datetime) -> str:
    found = checks.silences(now=now)
    lengths = {queue: found[checks.heartbeat_of(queue)] for queue in checks.QUEUES}
    silent = [f"{queue} ({_ago(length)})" for queue, length in lengths.items() if _is_silent(length)]
    if len(silent) == len(lengths) == list(lengths.values()).count(None):
        raise Fault("It has never run here.", f"Start it: {START_WORKER}")
    if silent:
        raise Fault(
            f"Nobody serves these queues: {', '.join(silent)}.",
            f"Look into the log of the worker with these queues after -Q, then start it again: {START_WORKER}",
        )
    return "Every queue is served."


def _beat(now: datetime) -> str:
    silence = checks.silences(now=now)[checks.BEAT]
    if silence is None:
        raise Fault("It has never run here.", f"Start it: {START_BEAT}")
    if _is_silent(silence):
        raise Fault(f"Last heard of {_ago(silence)}.", f"Look into its log, then start it again: {START_BEAT}")
    return f"Last heard of {_ago(silence)}."


def _is_silent(length: timedelta | None) -> bool:
    return length is None or length > checks.SILENT_AFTER


def _ago(length: timedelta | None) -> str:
    return "never" if length is None else f"{length.total_seconds():.0f} s ago"


def _address(_now: datetime) -> str:
    url = f"{settings.SITE_URL}/healthz"
    mend = (
        f"Set SITE_URL to the address that people type, and see that the proxy leads there. It is {settings.SITE_URL}"
    )
    try:
        with urlopen(Request(url), timeout=URL_TIMEOUT) as answer:  # noqa: S310 - the address in the settings
            found = json.loads(answer.read(10_000))
    except HTTPError as error:
        raise Fault(f"{url} answers {error.code}.", mend) from error
    except (URLError, OSError, ValueError) as error:
        raise Fault(f"{url} does not answer: {_short(error)}", mend) from error
    if not isinstance(found, dict) or found.get("instance") != instance.ID:
        raise Fault(f"Another installation answers at {settings.SITE_URL}.", mend)
    _redirects()
    return f"{settings.SITE_URL} leads here."


class _Stay(HTTPRedirectHandler):
    """Shows a redirect instead of following it."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


def _redirects() -> None:
    """A page that sends to itself does so for ever: we take what the proxy passes on for unencrypted."""
    url = f"{settings.SITE_URL}{resolve_url(settings.LOGIN_URL)}"
    try:
        build_opener(_Stay).open(Request(url), timeout=URL_TIMEOUT).close()  # noqa: S310 - the address in the settings
    except HTTPError as error:
        if error.headers.get("Location") == url:
            raise Fault(
                f"{url} redirects to itself for ever: the proxy's word that people come by https is not believed.",
                "Set TRUSTED_PROXY_COUNT to the number of proxies in front (1 for one), and let the outermost one set "
                "X-Forwarded-Proto.",
            ) from error
    except (URLError, OSError):
        return  # the address has been asked before: this is about redirects only


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
    late = Notice.objects.late(now=now)
    if late.exists():
        reason = late.exclude(last_error="").order_by("-next_at").values_list("last_error", flat=True).first()
        says = f"{late.count()} mails are waiting for longer than three minutes."
        raise Fault(f"{says} {_short(reason)}" if reason else says, "See “worker”, “beat” and “mail”.")
    return "None is late, none was given up."


def _clock(_now: datetime) -> str:
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
        after = timezone.now()
    _compare("PostgreSQL", theirs, before, after)
    with suppress(URLError, OSError, TypeError, ValueError):  # whether the address answers is a question of its own
        before = timezone.now() - timedelta(seconds=1)  # it tells whole seconds
        with urlopen(Request(f"{settings.SITE_URL}/healthz"), timeout=URL_TIMEOUT) as answer:  # noqa: S310
            theirs = parsedate_to_datetime(answer.headers["Date"])
        _compare(settings.SITE_URL, theirs, before, timezone.now())
    return "This machine, PostgreSQL and the web server agree."


def _compare(whose: str, theirs: datetime, before: datetime, after: datetime) -> None:
    skew = max(before - theirs, theirs - after, timedelta(0))
    if skew > CLOCK_TOLERANCE:
        raise Fault(
            f"This machine and {whose} differ by {skew.total_seconds():.0f} s: deadlines come out wrong.",
            "Turn on time synchronisation (NTP) on both machines.",
        )


def _disk(_now: datetime) -> str:
    found = [(path, _share_used(path)) for path in _folders()]
    says = ", ".join(f"{share:.0%} of the disk of {path} is used" for path, share in found) + "."
    if any(share > FULL_DISK for _path, share in found):
        raise Fault(says, "Free some space: logs, old backups, unused images.")
    return says


def _folders() -> Iterator[Path]:
    """The application's folder, and where PostgreSQL keeps its data if it is the one that was started for us."""
    yield Path(settings.BASE_DIR)
    folder = Path(settings.BASE_DIR) / ".local"
    with suppress(OSError, ValueError):
        cluster = json.loads((folder / "postgres.json").read_text())
        if str(cluster["port"]) == str(settings.DATABASES["default"].get("PORT")):
            yield folder / cluster["data"]


def _share_used(path: Path) -> float:
    """As df tells it: what only root may still fill is no room for us."""
    usage = shutil.disk_usage(path)
    return usage.used / (usage.used + usage.free)


def _short(error: BaseException | str) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
