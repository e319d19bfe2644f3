"""What a month puts on the table by itself: missed deadlines, and reasons of rejection that repeat."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q

from alignment.kernel.periods import Period
from handoff.models import Clock, Handoff
from handoff.rules.workflow import Status
from reviews.models import AgendaItem
from reviews.rules.exceptions import is_repeated

Found = tuple[AgendaItem.Kind, dict[str, Any]]


def exceptions(*, period: Period, zone: ZoneInfo) -> list[Found]:
    """The agenda of a month as plain data, the most frequent of each kind first (two queries)."""
    missed = [(AgendaItem.Kind.BREACH, data) for data in missed_deadlines(period=period, zone=zone)]
    repeated = [(AgendaItem.Kind.REPEATED_REASON, data) for data in repeated_reasons(period=period, zone=zone)]
    return missed + repeated


def missed_deadlines(*, period: Period, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Per duty and team: the deadlines of a past period that were missed, of how many owed, and on which handoffs."""
    start, end = period.bounds(zone)
    missed = Q(breached_at__isnull=False) | Q(met_at=None, stopped_at=None)  # also where no scan has come by yet
    rows = (
        Clock.objects.filter(due_at__gte=start, due_at__lt=end)
        .exclude(breached_at=None, stopped_at__isnull=False)  # ended before it was owed
        .values("side", "duty", "team", "team__name")
        .annotate(
            owed=Count("pk"),
            count=Count("pk", filter=missed),
            handoffs=ArrayAgg("handoff", filter=missed, order_by="handoff", default=[]),
        )
        .filter(count__gt=0)
        .order_by("-count", "side", "duty", "team")
    )
    return [
        {"side": row["side"], "duty": row["duty"], "team": row["team__name"] or ""}
        | {name: row[name] for name in ("count", "owed", "handoffs")}
        for row in rows
    ]


def repeated_reasons(*, period: Period, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The reasons for which sales rejected again and again in the period, with the handoffs."""
    start, end = period.bounds(zone)
    rows = list(
        Handoff.objects.filter(status=Status.REJECTED, decided_at__gte=start, decided_at__lt=end)
        .values("reason__code", "reason__label_en", "reason__label_ja")
        .annotate(count=Count("pk"), handoffs=ArrayAgg("pk", order_by="pk"))
        .order_by("-count", "reason__code")
    )
    total = sum(row["count"] for row in rows)
    return [
        {
            "code": row["reason__code"],
            "label": {"en": row["reason__label_en"], "ja": row["reason__label_ja"]},
            "count": row["count"],
            "rejected": total,
            "handoffs": row["handoffs"],
        }
        for row in rows
        if is_repeated(row["count"], total)
    ]
