"""What monitoring reads at /metrics: the state of the parts, figures from the database, and the requests.

Figures are read when they are asked for, at most every few seconds. What can't be read is left out, and the part that
is to blame says 0: the answer itself depends on nothing that may be down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from alignment import __version__
from alignment.health import checks, selectors
from alignment.health.recent import Recent

log = structlog.get_logger(__name__)

CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Value = float | Mapping[str, float]
Read = TypeVar("Read", bound=Callable[[datetime], Value])
Families = list[GaugeMetricFamily]

_sources: dict[str, Callable[[datetime], Families]] = {}
_requests = Histogram(
    "alignment_request_seconds",
    "How long requests took, by the name of their address ('none': files, redirects, unknown addresses).",
    ["route", "method", "status"],
    buckets=(0.1, 0.3, 1, 3, 10),
    registry=None,
)


def figure(name: str, says: str, *, label: str = "") -> Callable[[Read], Read]:
    """Add what a function of an app above reads: it takes the time and gives a number, or one a value of ``label``."""

    def added(read: Read) -> Read:
        _sources[name] = lambda now: [_gauge(name, says, read(now), label)]
        return read

    return added


def note_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Count a request that was answered. No label is what a visitor wrote: their number stays small."""
    match = request.resolver_match
    method = request.method if request.method in METHODS else "other"
    _requests.labels(match.view_name if match else "none", method, f"{status // 100}xx").observe(seconds)


def exposition(*, now: datetime) -> bytes:
    """Everything in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Everything(now))
    return generate_latest(registry) + _requests_of_all_processes()


class _Everything(Collector):
    """What holds for the whole installation, whichever process is asked."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        """Yield the families in the order in which they are shown."""
        yield InfoMetricFamily("alignment_build", "What runs.", {"version": __version__})
        report = checks.recent_report(now=self.now)
        states = {part.name: float(part.is_ok) for part in report.parts}
        yield _gauge("part_up", "Whether a part works, as /readyz says.", states, "part")
        if states[checks.DATABASE]:
            yield from recent_figures(now=self.now)


def _requests_of_all_processes() -> bytes:
    registry = CollectorRegistry()
    try:
        if values.ValueClass is values.MutexValue:
            registry.register(_requests)
        else:  # see alignment/settings/gunicorn.py
            MultiProcessCollector(registry)
        return generate_latest(registry)
    except Exception as error:  # a damaged file must not hide all the rest
        log.warning("requests_not_counted", error=repr(error))
        return b""


def _figures(*, now: datetime) -> Families:
    families: Families = []
    with checks.cut_off_after(checks.DATABASE_TIMEOUT):
        for name, read in _sources.items():
            try:
                families += read(now)
            except (OperationalError, InterfaceError) as error:  # the others would only wait for it, too
                log.warning("figures_not_read", figure=name, error=repr(error))
                if not connection.in_atomic_block:
                    connection.close()  # the next one who asks connects anew
                break
            except Exception as error:  # whatever the fault of this one: the others are wanted
                log.warning("figure_not_read", figure=name, error=repr(error))
    return families


recent_figures: Recent[Families] = Recent(_figures, unknown=[])


def _gauge(name: str, says: str, value: Value, label: str = "") -> GaugeMetricFamily:
    if not isinstance(value, Mapping):
        return GaugeMetricFamily(f"alignment_{name}", says, value=value)
    family = GaugeMetricFamily(f"alignment_{name}", says, labels=[label])
    for of, number in value.items():
        family.add_metric([of], number)
    return family


def _heartbeats(now: datetime) -> Families:
    silences = checks.silences(now=now)
    ages = {name: length.total_seconds() for name, length in silences.items() if length is not None}
    return [_gauge("heartbeat_age_seconds", "Since when beat, or a worker for a queue, is silent.", ages, "name")]


def _mails(now: datetime) -> Families:
    kinds = selectors.mails_by_kind(now=now)

    def gauge(name: str, says: str, value: Callable[[selectors.MailsOfKind], float]) -> GaugeMetricFamily:
        return _gauge(name, says, {kind.template: value(kind) for kind in kinds}, "template")

    return [
        gauge("outbox_due_seconds", "For how long the oldest mail that is due has waited.", lambda kind: kind.seconds),
        gauge("outbox_pending", "Mails that wait.", lambda kind: kind.waiting),
        gauge("outbox_attempts", "Attempts so far at those that wait.", lambda kind: kind.attempts),
        gauge("outbox_dead", "Mails that were given up.", lambda kind: kind.given_up),
    ]


def _database(_now: datetime) -> Families:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(state, 'other'), count(*), current_setting('max_connections')::int,
                   coalesce(max(extract(epoch FROM clock_timestamp() - xact_start))
                            FILTER (WHERE datname = current_database() AND pid <> pg_backend_pid()), 0)
            FROM pg_stat_activity WHERE datname IS NOT NULL GROUP BY 1
            """
        )
        rows = cursor.fetchall()
    return [
        _gauge("database_connections", "Connections to PostgreSQL.", {row[0]: row[1] for row in rows}, "state"),
        _gauge("database_connections_max", "How many PostgreSQL allows.", rows[0][2]),
        _gauge("database_longest_transaction_seconds", "Age of the oldest one.", float(max(row[3] for row in rows))),
    ]


_sources |= {"heartbeats": _heartbeats, "mails": _mails, "database": _database}
