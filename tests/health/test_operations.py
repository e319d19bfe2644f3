"""The operations page: managers and admins see what does not work and send mails again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from alignment.health import checks, services
from alignment.kernel.errors import DomainError, NotAllowed
from alignment.outbox.models import Notice, NoticeState

PAGE = "health:operations"
WORKER = [checks.heartbeat_of(queue) for queue in checks.QUEUES]


@pytest.fixture
def dead(db):
    now = timezone.now()

    def make(**fields) -> Notice:
        defaults = {
            "to_address": "gone@example.com",
            "template": "handoff/email/offered",
            "created_at": now,
            "next_at": now,
            "state": NoticeState.DEAD,
            "last_error": "550 no such person",
        }
        return Notice.objects.create(**(defaults | fields))

    return make


def test_a_mail_that_was_given_up_stands_there_with_its_reason(signed_in, sora, dead):
    dead()

    page = signed_in(sora).get(reverse(PAGE)).text

    assert "gone@example.com" in page
    assert "550 no such person" in page


def test_mails_that_wait_for_a_server_show_since_when_and_why(signed_in, kei, dead):
    now = timezone.now()
    early = now - timedelta(hours=5)
    fields = {"state": NoticeState.PENDING, "attempts": 4, "outages": 4, "last_error": "535 wrong password"}
    dead(**fields, created_at=early, next_at=now + timedelta(hours=1))

    page = signed_in(kei).get(reverse(PAGE)).text

    assert "535 wrong password" in page
    assert "been due for 5 h" in page


def test_sending_again_puts_it_back(signed_in, kei, dead):
    mail = dead()

    answer = signed_in(kei).post(reverse("health:mail-send", args=[mail.pk]), follow=True)

    mail.refresh_from_db()
    assert mail.state == NoticeState.PENDING
    assert "on its way again" in answer.text


def test_all_can_be_sent_again_at_once(kei, dead, now):
    dead()
    dead()

    assert services.send_all_again(actor=kei, now=now) == 2
    assert not Notice.objects.filter(state=NoticeState.DEAD).exists()


def test_what_is_not_given_up_is_not_sent_again(kei, dead, now):
    mail = dead(state=NoticeState.SENT, sent_at=now)

    with pytest.raises(DomainError):
        services.send_again(notice_id=mail.pk, actor=kei, now=now)


def test_a_rep_may_not_send_again(ren, dead, now):
    with pytest.raises(NotAllowed):
        services.send_again(notice_id=dead().pk, actor=ren, now=now)


def test_a_silent_worker_is_a_banner_for_managers_only(signed_in, sora, ren):
    services.note("beat", now=timezone.now())
    services.note(*WORKER, now=timezone.now() - timedelta(minutes=4))

    assert "worker has been silent" in signed_in(sora).get(reverse(PAGE)).text
    assert "worker has been silent" not in signed_in(ren).get(reverse("accounts:profile")).text


def test_a_queue_without_a_worker_is_named_in_words(signed_in, sora):
    services.note(*checks.HEARTBEATS, now=timezone.now())
    services.note("worker:import", "worker:report", now=timezone.now() - timedelta(minutes=4))

    page = signed_in(sora).get(reverse(PAGE)).text

    assert "there has been no worker for this: importing files · building reviews" in page
    assert "no worker for: importing files · building reviews" in page
    assert "worker has been silent" not in page


def test_no_banner_while_everything_lives(signed_in, sora):
    services.note("beat", now=timezone.now())
    services.note(*WORKER, now=timezone.now() - timedelta(minutes=2))

    assert "silent for" not in signed_in(sora).get(reverse("accounts:profile")).text


def test_the_page_costs_the_same_for_many_mails(signed_in, kei, dead, django_assert_max_num_queries):
    client = signed_in(kei)
    client.get(reverse(PAGE))
    for _number in range(20):
        dead()

    with django_assert_max_num_queries(20):
        client.get(reverse(PAGE))
