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


def refusing_us(server):
    server.answers |= {"AUTH": "535 wrong password", "EHLO": "250-test\r\n250 AUTH PLAIN"}


def away(server):
    server.__exit__(None, None, None)


@pytest.mark.parametrize("trouble", [refusing_us, away, "no such host"], ids=["535", "refused", "DNS"])
def test_mails_wait_three_days_for_a_server_that_does_not_let_us_in(smtp, notice, settings, monkeypatch, trouble):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "alignment", "old"
    if trouble == "no such host":
        settings.EMAIL_HOST = "mail.invalid"
    else:
        trouble(smtp)
    made, began = notice(), timezone.now()
    at = began
    monkeypatch.setattr(timezone, "now", lambda: at)

    while made.state == NoticeState.PENDING and at - began < timedelta(days=7):
        at = max(at, made.next_at)
        services.sweep(now=at)
        made.refresh_from_db()

    assert made.state == NoticeState.DEAD
    assert timedelta(days=2.5) < at - began < timedelta(days=3.5)
    assert made.attempts == made.outages + 1 == services.MAX_OUTAGES


def test_a_mail_leaves_once_the_server_is_repaired_and_refusals_count_from_there(smtp, notice):
    made = notice(attempts=20, outages=20, last_error="535 wrong password")
    smtp.answers["RCPT"] = "451 try later"

    services.sweep(now=timezone.now())
    made.refresh_from_db()
    assert (made.state, made.attempts, made.outages) == (NoticeState.PENDING, 21, 20)

    del smtp.answers["RCPT"]
    services.sweep(now=made.next_at)
    made.refresh_from_db()
    assert made.state == NoticeState.SENT


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
