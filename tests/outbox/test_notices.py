"""What a notice says, to whom, and what of it stays behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
import structlog
from django.core import mail
from django.db import connection
from django.utils import translation

from alignment.outbox import mails, services
from alignment.outbox.models import Notice, NoticeState

HELLO = "outbox_test/hello"


def test_a_person_without_an_address_gets_nothing(ren, now):
    ren.email = None

    assert services.write(to=ren, template=HELLO, context={}, now=now) is None
    assert not Notice.objects.exists()


def test_the_same_key_writes_one_notice(ren, now):
    first = services.write(to=ren, template=HELLO, context={}, now=now, key="offer:1")
    second = services.write(to=ren, template=HELLO, context={}, now=now, key="offer:1")

    assert first is not None
    assert second is None
    assert Notice.objects.count() == 1


def test_a_mail_is_in_the_language_and_zone_of_its_reader(notice):
    rendered = mails.render(notice(language="ja", time_zone="America/New_York"))

    assert "EST" in rendered.text or "EDT" in rendered.text
    assert 'lang="ja"' in rendered.html


def test_plain_text_is_not_escaped_and_html_is(notice):
    rendered = mails.render(notice(context={"name": "O'Brien & <b>Sons</b>"}))

    assert rendered.subject == "Hello O'Brien & <b>Sons</b>"
    assert "<p>Hello O&#x27;Brien &amp; &lt;b&gt;Sons&lt;/b&gt;</p>" in rendered.html


def test_a_line_break_in_a_name_makes_no_mail_header(notice):
    services.deliver(notice(context={"name": "Ren\r\nBcc: all@example.com"}))

    assert mail.outbox[0].subject == "Hello Ren"
    assert mail.outbox[0].recipients() == ["ren@example.com"]


def test_a_long_name_is_cut_in_the_subject(notice):
    services.deliver(notice(context={"name": "x" * 10_000}))

    assert len(Notice.objects.get().subject) == mails.SUBJECT_LENGTH


def test_a_sent_notice_keeps_what_it_said(notice):
    services.deliver(made := notice())

    made.refresh_from_db()
    assert (made.state, made.subject) == (NoticeState.SENT, "Hello Ren")
    assert made.body.startswith("Ren, ")
    assert made.sent_at is not None


def test_a_secret_leaves_in_the_mail_and_stays_nowhere(ren, now, settings):
    settings.DEMO = False
    secret = "open-sesame-4711"
    made = services.write(to=ren, template=HELLO, context={"name": "Ren"}, secrets={"code": secret}, now=now)
    before = row_as_text()

    services.deliver(made)

    assert secret in mail.outbox[0].body
    assert secret not in before
    assert secret not in row_as_text()
    assert Notice.objects.get().sealed == ""
    assert mails.HIDDEN in Notice.objects.get().body


def test_a_secret_survives_a_change_of_the_secret_key(ren, now, settings):
    made = services.write(to=ren, template=HELLO, context={"name": "Ren"}, secrets={"code": "4711"}, now=now)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key-" + "x" * 40

    assert "4711" in mails.render(made).text


def test_a_mail_carries_the_id_of_the_request_that_caused_it(ren, now):
    with structlog.contextvars.bound_contextvars(request_id="req-12345678"):
        made = services.write(to=ren, template=HELLO, context={"name": "Ren"}, now=now)

    services.deliver(made)

    assert mail.outbox[0].extra_headers["X-Request-ID"] == "req-12345678"


def test_a_notice_for_later_is_not_sent_before_its_time(ren, now):
    later = now + timedelta(minutes=5)
    services.write(to=ren, template=HELLO, context={"name": "Ren"}, now=now, send_after=later)

    assert services.sweep(now=now) == 0
    assert services.sweep(now=later) == 1


def test_a_fault_in_one_notice_does_not_stop_the_others(notice, now):
    broken = notice(template="outbox_test/missing")
    good = notice(next_at=now + timedelta(seconds=1))

    assert services.sweep(now=now + timedelta(seconds=1)) == 1

    broken.refresh_from_db()
    good.refresh_from_db()
    assert (broken.state, good.state) == (NoticeState.PENDING, NoticeState.SENT)
    assert "TemplateDoesNotExist" in broken.last_error


def test_a_notice_that_killed_its_workers_is_given_up(notice):
    made = notice(attempts=9 + Notice.MAX_ATTEMPTS + 1, outages=9)

    assert services.deliver(made) is False

    made.refresh_from_db()
    assert made.state == NoticeState.DEAD
    assert not mail.outbox


def test_why_a_notice_that_killed_its_workers_was_given_up_is_said_in_the_reader_s_language(notice):
    made = notice(attempts=Notice.MAX_ATTEMPTS + 1)
    services.deliver(made)
    made.refresh_from_db()

    with translation.override("en"):
        english = made.reason
    with translation.override("ja"):
        japanese = made.reason

    assert english == "The worker died while sending this, five times."
    assert japanese != english


def test_a_dead_notice_can_be_sent_again(notice, now):
    made = notice(state=NoticeState.DEAD, attempts=5)

    assert services.retry(notice_id=made.pk, now=now) is True
    assert services.sweep(now=now) == 1


def test_a_sent_notice_is_not_sent_again_by_retry(notice, now):
    made = notice(state=NoticeState.SENT, sent_at=now)

    assert services.retry(notice_id=made.pk, now=now) is False
    assert services.sweep(now=now) == 0


def test_old_mails_are_deleted_and_waiting_ones_are_not(notice, now):
    notice(state=NoticeState.SENT, sent_at=now - services.KEEP_SENT_FOR - timedelta(days=1))
    kept = [
        notice(state=NoticeState.SENT, sent_at=now),
        notice(state=NoticeState.DEAD, created_at=now - timedelta(days=400)),
        notice(created_at=now - timedelta(days=400)),
    ]

    assert services.prune(now=now) == 1
    assert set(Notice.objects.values_list("pk", flat=True)) == {one.pk for one in kept}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_layout_of_a_mail_needs_nothing_from_outside(notice, language):
    html = mails.render(notice(language=language)).html

    assert "<script" not in html
    assert "<img" not in html
    assert "<link" not in html


def row_as_text() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(outbox_notice::text, ' ') FROM outbox_notice")
        return cursor.fetchone()[0]
