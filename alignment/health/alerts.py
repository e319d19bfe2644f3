"""What is worth waking somebody for, as rules for Prometheus; ``manage.py alert_rules`` prints them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alignment.health.checks import SILENT_AFTER
from alignment.outbox.models import Notice


@dataclass(frozen=True)
class Rule:
    """An alert: fires where ``expr`` finds anything for as long as ``hold`` says."""

    name: str
    expr: str
    hold: str
    says: str


_FAILED = 'sum(rate(alignment_request_seconds_count{status="5xx"}[5m]))'
_ALL = "sum(rate(alignment_request_seconds_count[5m]))"
_LATE = int(Notice.PATIENCE.total_seconds())
_SILENT = int(SILENT_AFTER.total_seconds())

RULES = (
    Rule("Unmonitored", "absent(alignment_build_info)", "1m", "/metrics gives no answer, or refuses the key."),
    Rule("PartDown", "alignment_part_up == 0", "30s", "{{ $labels.part }} does not work: run manage.py doctor."),
    Rule(
        "Silent",
        f"alignment_heartbeat_age_seconds > {_SILENT}",
        "30s",
        "{{ $labels.name }} is silent for {{ $value | humanizeDuration }}: look into its log, start it again.",
    ),
    Rule("MailLate", f"alignment_outbox_due_seconds > {_LATE}", "0s", "Mails wait: run manage.py doctor."),
    Rule("MailGivenUp", "alignment_outbox_dead > 0", "0s", "Mails were given up: see Settings, Operations."),
    Rule("ScanLate", "alignment_clock_scan_lag_seconds > 180", "0s", "Missed deadlines are not recorded: see worker."),
    Rule("ReviewMissing", "alignment_review_overdue_seconds > 3600", "0s", "A review is due: see the worker's log."),
    Rule("ImportWaits", "alignment_imports_waiting > 0", "10m", "Imports wait: see the worker of this queue."),
    Rule("Errors", f"{_FAILED} / {_ALL} > 0.01", "5m", "{{ $value | humanizePercentage }} of requests fail."),
    Rule("LongTransaction", "alignment_database_longest_transaction_seconds > 300", "0s", "It may hold up others."),
    Rule(
        "ConnectionsScarce",
        "sum(alignment_database_connections) > 0.8 * max(alignment_database_connections_max)",
        "5m",
        "PostgreSQL soon refuses connections: raise max_connections or run fewer processes.",
    ),
)


def as_rule_file() -> dict[str, Any]:
    """The content of a rule file of Prometheus."""
    rules = [
        {
            "alert": f"Alignment{rule.name}",
            "expr": rule.expr,
            "for": rule.hold,
            "labels": {"severity": "page"},
            "annotations": {"summary": rule.says},
        }
        for rule in RULES
    ]
    return {"groups": [{"name": "alignment", "rules": rules}]}
