"""How workers show that they live, and what beat ticks."""

from __future__ import annotations

import time

from celery import current_app, shared_task
from celery.signals import heartbeat_sent
from django.utils import timezone

from alignment.health import checks, services

PULSE_EVERY = 20.0
PULSE_EXPIRES = 60.0
_next_pulse = float("-inf")


@heartbeat_sent.connect
def send_pulses(**_signal: object) -> None:
    """Every 20 s a worker sends itself a task through each queue that it serves; needs no beat.

    Celery gives this signal in the worker's main process every two seconds. The way is that of every task, so a worker
    that is connected but takes nothing, or whose children hang, falls silent too.
    """
    global _next_pulse  # noqa: PLW0603 - one clock per worker
    if time.monotonic() < _next_pulse:
        return
    _next_pulse = time.monotonic() + PULSE_EVERY
    for queue in current_app.amqp.queues.consume_from:
        current_app.send_task("health.pulse", kwargs={"queue": queue}, queue=queue, expires=PULSE_EXPIRES, retry=False)


@shared_task(name="health.pulse")
def pulse(*, queue: str = "default", **_future: object) -> None:
    """Show that a worker takes tasks from this queue and reaches the database."""
    services.note(checks.heartbeat_of(queue), now=timezone.now())


@shared_task(name="health.tidy")
def tidy(**_future: object) -> int:
    """Once an hour: delete what has expired."""
    return services.tidy(now=timezone.now())
