"""A worker dies: what it was at is done by the next one, and what kills workers is stopped."""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone

from alignment.health.checks import HEARTBEATS
from alignment.health.models import Heartbeat
from alignment.outbox.models import Notice
from tests.fault import world
from tests.fault.stack import until

LEASE = 6
MINUTE = 3


def test_a_mail_whose_worker_dies_before_noting_it_leaves_again_under_the_same_id(stack, people, measured):
    stack.variables |= {"FAULT_LEASE": str(LEASE), "FAULT_MINUTE": str(MINUTE)}
    stack.launch("worker", FAILPOINT="outbox.sent")
    (notice,) = world.notices(people.mai, [1])
    until(lambda: len(stack.mailbox) == 1, within=30, what="the mail leaves")
    died = time.monotonic()
    stack.end("worker")
    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == ("pending", 1)

    stack.start("worker", "beat")
    until(lambda: Notice.objects.get().state == "sent", within=30, what="the notice is sent")

    took = time.monotonic() - died
    notice.refresh_from_db()
    first, second = stack.mailbox.mails()
    measured(f"sent again after {took:.1f} s under a lease of {LEASE} s and a sweep every {MINUTE} s")
    assert first.message_id == second.message_id == f"<{notice.message_id}@testserver>"
    assert notice.attempts == 2
    assert second.at - first.at >= LEASE - 1


def test_a_notice_that_kills_its_worker_is_given_up_and_others_are_sent_meanwhile(stack, people, measured):
    stack.variables |= {"FAULT_LEASE": "4", "FAULT_MINUTE": "2"}
    stack.start("worker", "beat")
    began = time.monotonic()
    (poison,) = world.notices(people.mai, [0], template="fault/email/poison")
    others = world.notices(people.ren, range(1, 101))

    all_others = until(lambda: len(stack.mailbox) >= 100, within=40, what="the hundred others are sent")
    until(lambda: Notice.objects.get(pk=poison.pk).state != "pending", within=90, what="the poison is given up")

    poison.refresh_from_db()
    measured(f"100 others sent in {all_others:.1f} s; the poison dead after {time.monotonic() - began:.1f} s")
    assert (poison.state, poison.attempts) == ("dead", Notice.MAX_ATTEMPTS + 1)
    assert "died" in poison.last_error
    assert stack.mailbox.sent() == {str(notice.message_id): 1 for notice in others}
    assert stack.is_running("worker")


def test_each_process_that_dies_is_named_and_no_other_is_taken_for_it(stack, measured):
    """The workers of docker-compose.yml. Heartbeats are put back instead of waiting until they are a minute old."""
    stack.queues = {"worker": "notice,default", "worker-batch": "import,report"}
    stack.start("web", "worker", "worker-batch", "beat")
    until(lambda: stack.broken_parts() == set(), within=60, what="everything is ready")

    stack.end("worker-batch")
    found = parts_after_a_silence(stack)
    assert {name for name, part in found.items() if not part["ok"]} == {"worker"}
    assert found["worker"]["silent"] == ["import", "report"]

    stack.start("worker-batch")
    stack.end("beat")
    found = parts_after_a_silence(stack)
    assert {name for name, part in found.items() if not part["ok"]} == {"beat"}

    stack.end("worker")
    stack.end("worker-batch")
    found = parts_after_a_silence(stack)
    assert {name for name, part in found.items() if not part["ok"]} == {"beat", "worker"}
    measured(f"with nothing running: {found['worker']}, {found['beat']}")


def parts_after_a_silence(stack) -> dict:
    """What /readyz says once everybody who lives has shown it again (every 20 s) and it has asked anew."""
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=5))
    time.sleep(28)
    assert {beat.name for beat in Heartbeat.objects.all()} == set(HEARTBEATS)
    return stack.get("/readyz").json()["parts"]
