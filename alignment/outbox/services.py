"""Write, claim and deliver notices.

Effects in our database happen once; a mail leaves at least once, always with the same Message-ID.
"""

from __future__ import annotations

import smtplib
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from alignment.kernel.failpoints import failpoint
from alignment.kernel.queue import nudge
from alignment.outbox.models import Notice, NoticeState

log = structlog.get_logger(__name__)

BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


class Recipient(Protocol):
    """What a notice needs to know of the person who gets it."""

    email: str | None
    language: str
    time_zone: str


def write(
    *,
    to: Recipient,
    template: str,
    context: dict[str, Any],
    now: datetime,
    key: str = "",
    send_after: datetime | None = None,
) -> Notice | None:
    """Write one notice with the change that causes it; returns None where the person has no address or ``key`` exists.

    ``template`` names ``templates/<template>.txt`` (first line: subject) and ``.html``; ``context`` holds plain JSON
    values only, because the notice is rendered later, in the recipient's language and zone. ``key`` makes it unique:
    the same key again writes nothing.
    """
    if not to.email:
        return None
    fields = {
        "to_address": to.email,
        "language": to.language,
        "time_zone": to.time_zone,
        "template": template,
        "context": context,
        "created_at": now,
        "next_at": send_after or now,
    }
    if key:
        notice, is_new = Notice.objects.get_or_create(key=key, defaults=fields)
        if not is_new:
            return None
    else:
        notice = Notice.objects.create(**fields)
    nudge("outbox.send_notice", notice_id=notice.pk)
    return notice


def claim(*, now: datetime, limit: int = 50, notice_id: int | None = None) -> list[Notice]:
    """Take up to ``limit`` due notices under a lease; two callers never get the same row while a lease runs."""
    only = "AND id = %(notice_id)s" if notice_id is not None else ""
    sql = f"""
        UPDATE outbox_notice SET claimed_until = %(until)s, attempts = attempts + 1
        WHERE id IN (
            SELECT id FROM outbox_notice
            WHERE state = 'pending' AND next_at <= %(now)s AND (claimed_until IS NULL OR claimed_until < %(now)s) {only}
            ORDER BY next_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        RETURNING id
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, {"now": now, "until": now + Notice.LEASE, "limit": limit, "notice_id": notice_id})
        ids = [row[0] for row in cursor.fetchall()]
    return list(Notice.objects.filter(pk__in=ids).order_by("next_at", "pk"))


def deliver(notice: Notice) -> bool:
    """Send one claimed notice and record what came of it. True when it left.

    Sending stands outside any transaction. A killed worker leaves the claim to run out: the next sweep sends again
    with the same Message-ID.
    """
    if notice.attempts > Notice.MAX_ATTEMPTS:  # its worker died each time: stop, and let a person look
        _give_up(notice, "The worker died while sending this, five times.")
        return False
    try:
        subject, text, html = render(notice)
        _mail(notice, subject, text, html).send()
        failpoint("outbox.sent")
    except smtplib.SMTPRecipientsRefused as error:
        _refused(notice, repr(error), permanent=all(code >= 500 for code, _reason in error.recipients.values()))
    except smtplib.SMTPResponseException as error:
        _refused(notice, f"{error.smtp_code} {error.smtp_error!r}", permanent=error.smtp_code >= 500)
    except Exception as error:
        log.warning("notice_failed", notice_id=notice.pk, error=repr(error))
        _refused(notice, repr(error), permanent=False)
    else:
        Notice.objects.filter(pk=notice.pk, state=NoticeState.PENDING).update(
            state=NoticeState.SENT,
            sent_at=timezone.now(),
            subject=subject,
            body=text,
            claimed_until=None,
            last_error="",
        )
        return True
    return False


def sweep(*, now: datetime, limit: int = 500) -> int:
    """Send everything that is due; returns how many left. Called every minute, by any number of workers."""
    sent = 0
    for _round in range(limit):
        batch = claim(now=now, limit=1)
        if not batch:
            break
        sent += deliver(batch[0])
    return sent


def render(notice: Notice) -> tuple[str, str, str]:
    """Subject, plain text and HTML of a notice, in its own language and zone."""
    context = notice.context | {"site_url": settings.SITE_URL}
    with translation.override(notice.language), timezone.override(ZoneInfo(notice.time_zone)):
        text = render_to_string(f"{notice.template}.txt", context)
        html = render_to_string(f"{notice.template}.html", context)
    subject, _newline, body = text.lstrip().partition("\n")
    return " ".join(subject.split()), body.lstrip(), html


def retry(*, notice_id: int, now: datetime) -> None:
    """Put a notice that was given up back into the queue."""
    Notice.objects.filter(pk=notice_id, state=NoticeState.DEAD).update(
        state=NoticeState.PENDING, attempts=0, next_at=now, claimed_until=None
    )
    nudge("outbox.send_notice", notice_id=notice_id)


def _mail(notice: Notice, subject: str, text: str, html: str) -> EmailMultiAlternatives:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    mail = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notice.to_address],
        headers={"Message-ID": f"<{notice.message_id}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(html, "text/html")
    return mail


def _refused(notice: Notice, reason: str, *, permanent: bool) -> None:
    if permanent or notice.attempts >= Notice.MAX_ATTEMPTS:
        _give_up(notice, reason)
        return
    wait = BACKOFF[min(notice.attempts, len(BACKOFF)) - 1]
    Notice.objects.filter(pk=notice.pk, state=NoticeState.PENDING).update(
        next_at=timezone.now() + wait, claimed_until=None, last_error=reason
    )


def _give_up(notice: Notice, reason: str) -> None:
    log.error(
        "notice_dead",
        notice_id=notice.pk,
        to=parseaddr(notice.to_address)[1].rpartition("@")[2],
        reason=reason,
    )
    Notice.objects.filter(pk=notice.pk, state=NoticeState.PENDING).update(
        state=NoticeState.DEAD, claimed_until=None, last_error=reason
    )
