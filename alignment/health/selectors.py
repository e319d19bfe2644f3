"""The state of the installation, in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
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


def parts(*, now: datetime) -> list[PartView]:
    """Each part with its state in a word."""
    return [PartView(str(_NAMES[part.name]), part.is_ok, _note(part)) for part in checks.report(now=now).parts]


def mails(*, now: datetime) -> Mails:
    """Count what waits and what was given up (one query)."""
    due = Q(state=NoticeState.PENDING, next_at__lte=now)
    found = Notice.objects.exclude(state=NoticeState.SENT).aggregate(
        waiting=Count("pk", filter=Q(state=NoticeState.PENDING)),
        given_up=Count("pk", filter=Q(state=NoticeState.DEAD)),
        oldest=Min("next_at", filter=due),
    )
    oldest = found.pop("oldest")
    return Mails(**found, oldest=None if oldest is None else now - oldest)


def given_up() -> QuerySet[Notice]:
    """Mails that nobody tries to send any more, newest first."""
    return Notice.objects.filter(state=NoticeState.DEAD).order_by("-created_at", "-pk")


def _note(part: checks.Part) -> str:
    if part.age is None:
        return "" if part.is_ok else _("does not answer")
    length = formats.duration(timedelta(seconds=part.age))
    if part.is_ok:
        return _("last sign of life %(length)s ago") % {"length": length}
    return _("silent for %(length)s") % {"length": length}
