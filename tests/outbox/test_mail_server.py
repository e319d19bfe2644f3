"""What the mail server answers decides what becomes of a notice."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from alignment.outbox import services
from alignment.outbox.models import Notice, NoticeState


@pytest.fixture
def sent_once(notice):
    """Claims and delivers one notice."""

    def run() -> Notice:
        made = notice()
        (claimed,) = services.claim(now=timezone.now(), notice_id=made.pk)
        services.deliver(claimed)
        made.refresh_from_db()
        return made

    return run


def test_a_mail_arrives_as_text_and_html_with_a_steady_id(smtp, sent_once):
    made = sent_once()

    assert made.state == NoticeState.SENT
    assert smtp.mails[0]["Message-ID"] == f"<{made.message_id}@testserver>"
    assert [part.get_content_type() for part in smtp.mails[0].walk()][1:] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("verb", "line"), [("RCPT", "451 try later"), ("MAIL", "451 busy"), (".", "452 disk full"), ("DATA", "451 busy")]
)
def test_a_server_that_is_busy_is_asked_again_later(smtp, sent_once, verb, line):
    smtp.answers[verb] = line

    made = sent_once()

    assert (made.state, made.attempts) == (NoticeState.PENDING, 1)
    assert made.last_error.startswith(line[:3])
    wait = made.next_at - timezone.now()
    assert timedelta(seconds=50) < wait <= services.BACKOFF[0]
    assert made.claimed_until is None


@pytest.mark.parametrize(("verb", "line"), [("RCPT", "550 no such person"), (".", "554 refused as spam")])
def test_a_refusal_for_good_ends_it_with_the_reason(smtp, sent_once, verb, line):
    smtp.answers[verb] = line

    made = sent_once()

    assert (made.state, made.last_error) == (NoticeState.DEAD, line)


@pytest.mark.parametrize(("verb", "line"), [("MAIL", "550 sender not allowed"), ("EHLO", "550 who are you")])
def test_a_server_that_does_not_accept_us_does_not_kill_the_mail(smtp, sent_once, verb, line):
    smtp.answers |= {verb: line, "HELO": line}

    assert sent_once().state == NoticeState.PENDING


def test_a_server_that_hangs_is_left_long_before_the_lease_ends(smtp, sent_once):
    smtp.answers["MAIL"] = None
    started = time.monotonic()

    made = sent_once()

    assert time.monotonic() - started < 5
    assert made.state == NoticeState.PENDING
    assert "TimeoutError" in made.last_error or "timed out" in made.last_error


def test_after_five_refusals_it_is_given_up(smtp, notice):
    smtp.answers["RCPT"] = "451 try later"
    made, now, waits = notice(), timezone.now(), []

    for _attempt in range(Notice.MAX_ATTEMPTS):
        services.sweep(now=now)
        made.refresh_from_db()
        waits.append(made.next_at)
        now = made.next_at + timedelta(seconds=1)

    assert made.state == NoticeState.DEAD
    assert made.attempts == Notice.MAX_ATTEMPTS
    assert waits == sorted(waits)


def test_all_steps_of_a_conversation_end_before_the_lease(settings):
    steps = 6  # connect, greeting, EHLO, MAIL, RCPT, DATA

    assert steps * settings.EMAIL_TIMEOUT < settings.CELERY_TASK_SOFT_TIME_LIMIT
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT < Notice.LEASE.total_seconds()
