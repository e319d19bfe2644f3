"""The alert rules of this version, for Prometheus."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from alignment.health import alerts


class Command(BaseCommand):
    """Prints them as JSON, which a rule file of Prometheus (YAML) may be."""

    help = "Print the alert rules for Prometheus: manage.py alert_rules > /etc/prometheus/alignment.yml"
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the whole file."""
        self.stdout.write(json.dumps(alerts.as_rule_file(), indent=2))
