"""Signs of life, and what is thrown away after its time."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.backends.db import SessionStore
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.health.models import CacheEntry, Heartbeat
from alignment.kernel.errors import DomainError
from alignment.outbox import services as outbox
from alignment.outbox.models import Notice, NoticeState


def note(*names: str, now: datetime) -> None:
    """Note that these parts are alive: one statement, also for the first time."""
    beats = [Heartbeat(name=name, at=now) for name in names]
    Heartbeat.objects.bulk_create(beats, update_conflicts=True, unique_fields=["name"], update_fields=["at"])


def tidy(*, now: datetime) -> int:
    """Delete sessions and cache entries that have expired; returns the number of cache entries."""
    SessionStore.clear_expired()
    return CacheEntry.objects.filter(expires__lt=now).delete()[0]


def send_again(*, notice_id: int, actor: User, now: datetime) -> None:
    """Put one mail that was given up back into the queue."""
    actor.require(Permission.SEE_OPERATIONS)
    if not outbox.retry(notice_id=notice_id, now=now):
        raise DomainError(_("This mail is no longer given up; somebody was faster."), code="not_given_up")


def send_all_again(*, actor: User, now: datetime) -> int:
    """Put every mail that was given up back into the queue; returns how many."""
    actor.require(Permission.SEE_OPERATIONS)
    dead = Notice.objects.filter(state=NoticeState.DEAD).order_by("pk").values_list("pk", flat=True)
    return sum(outbox.retry(notice_id=pk, now=now) for pk in dead)
