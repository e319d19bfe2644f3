"""A dead or frozen broker costs a request nothing, and a notice one sweep."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator

import pytest
from celery import current_app
from django.core import mail
from django.db import transaction
from django.utils import timezone

from alignment.kernel import queue
from alignment.outbox import services
from alignment.outbox.models import Notice, NoticeState
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker_at(monkeypatch):
    """Let the doorbell ring at this address."""

    def use(url: str) -> None:
        connection = current_app.connection_for_write(url=url, transport_options=queue._PATIENCE)
        monkeypatch.setattr(queue, "_doorbell", lambda: connection)
        monkeypatch.setattr(queue, "_silent_until", 0.0)

    return use


@pytest.fixture
def frozen_port() -> Iterator[int]:
    """A server that takes connections and never answers: what a stopped process looks like."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield server.getsockname()[1]


@pytest.fixture
def dead_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def write_one() -> float:
    reader = factories.user(role="sales_rep", side="sales")
    started = time.monotonic()
    with transaction.atomic():
        services.write(to=reader, template="outbox_test/hello", context={"name": "Ren"}, now=timezone.now())
    return time.monotonic() - started


def test_a_dead_broker_costs_the_request_nothing_and_the_sweep_sends_once(broker_at, dead_port):
    broker_at(f"redis://127.0.0.1:{dead_port}/0")

    seconds = write_one()

    assert seconds < 1.5
    assert Notice.objects.get().state == NoticeState.PENDING
    assert services.sweep(now=timezone.now()) == 1
    assert services.sweep(now=timezone.now()) == 0
    assert len(mail.outbox) == 1


def test_a_frozen_broker_costs_a_process_its_patience_once(broker_at, frozen_port):
    broker_at(f"redis://127.0.0.1:{frozen_port}/0")

    first, *others = [write_one() for _change in range(5)]

    assert first < 1.5
    assert max(others) < 0.2
    assert services.sweep(now=timezone.now()) == 5


def test_the_doorbell_rings_again_after_its_silence(broker_at, dead_port, monkeypatch):
    broker_at(f"redis://127.0.0.1:{dead_port}/0")
    write_one()
    rung = []
    monkeypatch.setattr(queue, "_ring", lambda name, ids: rung.append(name))

    write_one()
    monkeypatch.setattr(queue, "_silent_until", time.monotonic())
    write_one()

    assert rung == ["outbox.send_notice"]


def test_a_living_broker_is_rung_after_the_commit(monkeypatch):
    rung = []
    monkeypatch.setattr(queue, "_silent_until", 0.0)
    monkeypatch.setattr(queue, "_ring", lambda name, ids: rung.append((name, ids)))

    with transaction.atomic():
        write_one()
        before_commit = list(rung)

    assert before_commit == []
    assert rung == [("outbox.send_notice", {"notice_id": Notice.objects.get().pk})]


def test_a_ring_reaches_the_broker(monkeypatch):
    prefix = f"test-{uuid.uuid4()}."
    connection = current_app.connection_for_write(transport_options=queue._PATIENCE | {"global_keyprefix": prefix})
    monkeypatch.setattr(queue, "_doorbell", lambda: connection)

    queue._ring("outbox.send_notice", {"notice_id": 0})

    with connection.channel() as channel:
        assert channel.client.llen("notice") == 1
        channel.client.delete("notice")
