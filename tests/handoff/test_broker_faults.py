"""A rep's answer does not wait for Redis, dead or frozen, and the mail still leaves once."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from celery import current_app
from django.core import mail
from django.utils import timezone

from alignment.kernel import queue
from alignment.local import redis_server
from alignment.outbox import services as outbox
from alignment.outbox.models import Notice
from handoff.models import Handoff

pytestmark = pytest.mark.django_db(transaction=True)
LONGEST_ANSWER = 1.5


class PrivateRedis:
    """A Redis of this test alone."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [str(redis_server.program()), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("the private Redis did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateRedis]:
    """A broker of our own, which the doorbell rings at."""
    server = PrivateRedis()
    url = f"redis://127.0.0.1:{server.port}/0"
    doorbell = current_app.connection_for_write(url=url, transport_options=queue._PATIENCE)
    monkeypatch.setattr(queue, "_doorbell", lambda: doorbell)
    monkeypatch.setattr(queue, "_silent_until", 0.0)
    yield server
    server.process.send_signal(signal.SIGCONT)
    server.kill()


@pytest.mark.parametrize("fault", ["dead", "frozen"])
def test_an_accept_answers_at_once_and_the_mail_leaves_once_afterwards(fault, redis, offer, mai, ren, api):
    Notice.objects.all().delete()
    client = api(ren)
    if fault == "dead":
        redis.kill()
    else:
        redis.process.send_signal(signal.SIGSTOP)

    started = time.monotonic()
    answer = client.post(f"/api/v1/handoffs/{offer.pk}/accept/", {}, format="json")
    seconds = time.monotonic() - started

    assert (answer.status_code, Handoff.objects.get().status) == (200, "accepted")
    assert seconds <= LONGEST_ANSWER
    assert Notice.objects.get().state == "pending"

    if fault == "dead":
        redis.start()
    else:
        redis.process.send_signal(signal.SIGCONT)
    later = timezone.now()

    assert [outbox.sweep(now=later), outbox.sweep(now=later)] == [1, 0]
    assert [message.to for message in mail.outbox] == [[mai.email]]


def test_twenty_accepts_while_redis_is_frozen_are_all_quick(redis, make_offer, ren, api):
    offers = [make_offer() for _n in range(20)]
    client = api(ren)
    redis.process.send_signal(signal.SIGSTOP)

    slowest = 0.0
    for offer in offers:
        started = time.monotonic()
        assert client.post(f"/api/v1/handoffs/{offer.pk}/accept/", {}, format="json").status_code == 200
        slowest = max(slowest, time.monotonic() - started)

    assert slowest <= LONGEST_ANSWER
