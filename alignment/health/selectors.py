"""The state of the installation, in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Least
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.health import checks
from alignment.kernel import formats
from alignment.outbox.models import Notice, NoticeState

_NAMES: dict[str, Promise] = {
    "database": gettext_lazy("Database (PostgreSQL)"),
    "redis": gettext_lazy("Message broker (Redis)"),
    "worker": gettext_lazy("Worker: sends mails, builds reviews"),
    "beat": gettext_lazy("Scheduler: rings every minute"),
    "migrations": gettext_lazy("Database structure"),
}

_QUEUES: dict[str, Promise] = {
    "notice": gettext_lazy("sending mails"),
    "import": gettext_lazy("importing files"),
    "report": gettext_lazy("building reviews"),
    "default": gettext_lazy("watching the clocks"),
}


_WAITS, _TRIED = Q(state=NoticeState.PENDING), ~Q(last_error="")


@dataclass(frozen=True)
class PartView:
    """One part as the page shows it."""

    name: str
    is_ok: bool
    note: str


@dataclass(frozen=True)
class Mails:
    """How the outbox stands."""

    waiting: int
    given_up: int
    oldest: timedelta | None
    """For how long the oldest one that is due has been waiting."""
    reason: str
    """Why one that was tried in vain has not left."""


def parts(*, now: datetime) -> list[PartView]:
    """Each part with its state in a word."""
    return [PartView(str(_NAMES[part.name]), part.is_ok, _note(part)) for part in checks.report(now=now).parts]


def mails(*, now: datetime) -> Mails:
    """Count what waits and what was given up (one query)."""
    reason = Max("last_error", filter=_WAITS & _TRIED)
    found = Notice.objects.exclude(state=NoticeState.SENT).aggregate(**_standing(now), reason=reason)
    since = found["since"]
    return Mails(found["waiting"], found["given_up"], now - since if since else None, found["reason"] or "")


@dataclass(frozen=True)
class MailsOfKind:
    """How the mails of one template stand that have not left."""

    template: str
    waiting: int
    given_up: int
    attempts: int
    """How often those that wait have been tried."""
    seconds: float
    """For how long the oldest one that is due has been waiting."""


def mails_by_kind(*, now: datetime) -> list[MailsOfKind]:
    """The same for each template that has any (one query)."""
    unsent = Notice.objects.exclude(state=NoticeState.SENT).values("template").order_by("template")
    rows: Any = unsent.annotate(**_standing(now), attempts=Coalesce(Sum("attempts", filter=_WAITS), 0))
    return [MailsOfKind(seconds=(now - (row.pop("since") or now)).total_seconds(), **row) for row in rows]


def given_up() -> QuerySet[Notice]:
    """Mails that nobody tries to send any more, newest first."""
    return Notice.objects.filter(state=NoticeState.DEAD).order_by("-created_at", "-pk")


def work_of(queues: Iterable[str]) -> str:
    """What these queues are for, in words."""
    return " · ".join(str(_QUEUES[queue]) for queue in queues)


def _standing(now: datetime) -> dict[str, Any]:
    untried = Min("next_at", filter=_WAITS & ~_TRIED & Q(next_at__lte=now))
    tried = Min("created_at", filter=_WAITS & _TRIED)  # its next attempt may be hours away
    return {
        "waiting": Count("pk", filter=_WAITS),
        "given_up": Count("pk", filter=Q(state=NoticeState.DEAD)),
        "since": Least(untried, tried),
    }


def _note(part: checks.Part) -> str:
    if part.silent:
        return _("no worker for: %(work)s") % {"work": work_of(part.silent)}
    if part.age is None:
        return "" if part.is_ok else _("does not answer")
    length = formats.duration(timedelta(seconds=part.age))
    if part.is_ok:
        return _("last sign of life %(length)s ago") % {"length": length}
    return _("silent for %(length)s") % {"length": length}
