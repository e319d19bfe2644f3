"""Write, claim and deliver notices.

Effects in our database happen once; a mail leaves at least once, always with the same Message-ID.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone, translation

from alignment.kernel import sealing
from alignment.kernel.failpoints import failpoint
from alignment.kernel.queue import nudge
from alignment.outbox import mails
from alignment.outbox.models import WORKER_DIED, Notice, NoticeState

log = structlog.get_logger(__name__)

BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
MAX_OUTAGES = 39
"""With these waits about three days: so long a mail waits for a mail server that is away or does not accept us."""

SWEEP_FOR = 45.0
"""Seconds after which a sweep leaves the rest to the next one, well below the time limit of a task."""

KEEP_SENT_FOR = timedelta(days=90)


class Recipient(Protocol):
    """What a notice needs to know of the person who gets it."""

    email: str | None
    language: str
    time_zone: str


class Person(Recipient, Protocol):
    """One of many recipients: the id tells them apart."""

    pk: Any


def write(
    *,
    to: Recipient,
    template: str,
    context: dict[str, Any],
    now: datetime,
    key: str = "",
    send_after: datetime | None = None,
    secrets: dict[str, str] | None = None,
) -> Notice | None:
    """Write one notice with the change that causes it; returns None where the person has no address or ``key`` exists.

    ``template`` names ``templates/<template>.txt`` (first line: subject) and ``.html``; ``context`` holds plain JSON
    values only, because the notice is rendered later, in the recipient's language and zone. ``secrets`` are further
    values of the template that nobody may read in the database. ``key`` makes it unique: the same key again writes
    nothing.
    """
    if not to.email:
        return None
    fields = _fields(to, template, context, now=now) | {
        "sealed": sealing.seal(secrets or {}),
        "next_at": send_after or now,
    }
    if key:
        notice, is_new = Notice.objects.get_or_create(key=key, defaults=fields)
        if not is_new:
            return None
    else:
        notice = Notice.objects.create(**fields)
    if notice.next_at <= now:
        nudge("outbox.send_notice", notice_id=notice.pk)
    return notice


def write_all(
    *, to: Iterable[Person], template: str, context: Callable[[], dict[str, Any]], key: str, now: datetime
) -> None:
    """Write the same notice to many people in one statement.

    ``context`` is asked once for each language and zone among them, with both active, and gives what ``write`` takes.
    ``key`` and the person's id make each unique: the same key again writes nothing.
    """
    said: dict[tuple[str, str], dict[str, Any]] = {}
    notices = []
    for reader in to:
        if not reader.email:
            continue
        tongue = (reader.language, reader.time_zone)
        if tongue not in said:
            with translation.override(reader.language), timezone.override(ZoneInfo(reader.time_zone)):
                said[tongue] = context()
        fields = _fields(reader, template, said[tongue], now=now)
        notices.append(Notice(key=f"{key}:{reader.pk}", next_at=now, **fields))
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    if notices:
        nudge("outbox.sweep")


def _fields(to: Recipient, template: str, context: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    return {
        "to_address": to.email,
        "language": to.language,
        "time_zone": to.time_zone,
        "template": template,
        "context": context,
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
        "created_at": now,
    }


def claim(*, now: datetime, limit: int = 50, notice_id: int | None = None) -> list[Notice]:
    """Take up to ``limit`` due notices under a lease; two callers never get the same row while a lease runs.

    The choice is materialised: as a subquery in WHERE the planner may ask it anew for every row, each time for the next
    ones that nobody has locked, and the limit would hold for none of them.
    """
    only = "AND id = %(notice_id)s" if notice_id is not None else ""
    sql = f"""
        WITH due AS MATERIALIZED (
            SELECT id FROM outbox_notice
            WHERE state = 'pending' AND next_at <= %(now)s AND (claimed_until IS NULL OR claimed_until < %(now)s) {only}
            ORDER BY next_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        UPDATE outbox_notice SET claimed_until = %(until)s, attempts = attempts + 1
        FROM due WHERE outbox_notice.id = due.id
        RETURNING outbox_notice.id
    """  # noqa: S608 - `only` is one of the two texts above
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, {"now": now, "until": now + Notice.LEASE, "limit": limit, "notice_id": notice_id})
        ids = [row[0] for row in cursor.fetchall()]
    return list(Notice.objects.filter(pk__in=ids).order_by("next_at", "pk"))


def deliver(notice: Notice) -> bool:
    """Send one claimed notice and record what came of it. True when it left.

    Sending stands outside any transaction. A killed worker leaves the claim to run out: the next sweep sends again
    with the same Message-ID.
    """
    if notice.counted_attempts > Notice.MAX_ATTEMPTS:  # its worker died each time: stop, and let a person look
        _give_up(notice, WORKER_DIED)
        return False
    try:
        rendered = mails.render(notice)
        mails.build(notice, rendered).send()
        failpoint("outbox.sent")
    except Exception as error:  # one bad notice must not stop the others; it is kept with its reason
        _record_fault(notice, error)
        return False
    Notice.objects.filter(pk=notice.pk, state=NoticeState.PENDING).update(
        state=NoticeState.SENT,
        sent_at=timezone.now(),
        subject=rendered.masked(rendered.subject),
        body=rendered.masked(rendered.text),
        claimed_until=None,
        last_error="",
        **({} if settings.DEMO else {"sealed": ""}),  # the demo's mailbox page shows the whole mail
    )
    return True


def sweep(*, now: datetime, limit: int = 500) -> int:
    """Send what is due; returns how many left. Called every minute, by any number of workers."""
    sent, stop_at = 0, time.monotonic() + SWEEP_FOR
    for _round in range(limit):
        if time.monotonic() > stop_at:
            break
        batch = claim(now=now, limit=1)
        if not batch:
            break
        sent += sum(deliver(notice) for notice in batch)
    return sent


def retry(*, notice_id: int, now: datetime) -> bool:
    """Put a notice that was given up back into the queue; False where it is not given up (any more)."""
    updated = Notice.objects.filter(pk=notice_id, state=NoticeState.DEAD).update(
        state=NoticeState.PENDING, attempts=0, outages=0, next_at=now, claimed_until=None
    )
    nudge("outbox.send_notice", notice_id=notice_id)
    return bool(updated)


def prune(*, now: datetime) -> int:
    """Delete notices that left long ago: they name people, and the records themselves stay where they belong."""
    return Notice.objects.filter(state=NoticeState.SENT, sent_at__lt=now - KEEP_SENT_FOR).delete()[0]


def _record_fault(notice: Notice, error: Exception) -> None:
    log.warning("notice_failed", notice_id=notice.pk, attempts=notice.attempts, error=repr(error))
    outages = notice.outages + _is_outage(error)
    counted = notice.attempts - outages
    if _is_final(error) or counted >= Notice.MAX_ATTEMPTS or outages >= MAX_OUTAGES:
        _give_up(notice, _reason(error))
        return
    wait = BACKOFF[min(outages if _is_outage(error) else counted, len(BACKOFF)) - 1]
    _still_ours(notice).update(
        outages=outages, next_at=timezone.now() + wait, claimed_until=None, last_error=_reason(error)
    )


def _is_final(error: Exception) -> bool:
    """True where the receiver has refused this address or this mail for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def _is_outage(error: Exception) -> bool:
    """True where no mail at all would leave: no server, no way there, or it does not accept us (sign-in, sender).

    Such a fault is of the set-up or the network: notices wait for the repair instead of dying with it.
    """
    of_this_mail = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
    return isinstance(error, OSError) and not isinstance(error, of_this_mail)  # all of smtplib's errors are OSErrors


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {_decoded(text)}" for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _decoded(text: str | bytes) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text


def _give_up(notice: Notice, reason: str) -> None:
    log.error("notice_dead", notice_id=notice.pk, template=notice.template, reason=reason)
    _still_ours(notice).update(state=NoticeState.DEAD, claimed_until=None, last_error=reason)


def _still_ours(notice: Notice) -> Any:
    """The notice, unless another worker has taken it since: each claim counts the attempts up."""
    return Notice.objects.filter(pk=notice.pk, state=NoticeState.PENDING, attempts=notice.attempts)
