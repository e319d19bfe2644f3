"""The alerts speak of what there is."""

from __future__ import annotations

import re
from io import StringIO

import yaml
from django.core.management import call_command
from django.utils import timezone

from alignment.health import alerts
from alignment.outbox.models import Notice


def test_every_alert_asks_for_something_that_monitoring_is_told(scrape, everything, all_alive, client):
    Notice.objects.create(to_address="a@example.com", template="x", created_at=timezone.now(), next_at=timezone.now())
    client.get("/")
    told = scrape().keys()

    asked = {rule.name: set(re.findall(r"alignment_\w+", rule.expr)) for rule in alerts.RULES}

    assert {name: names - told for name, names in asked.items() if not names or names - told} == {}


def test_the_command_prints_a_rule_file():
    out = StringIO()

    call_command("alert_rules", stdout=out)

    (group,) = yaml.safe_load(out.getvalue())["groups"]
    assert [rule["alert"] for rule in group["rules"]] == [f"Alignment{rule.name}" for rule in alerts.RULES]
    assert all(rule.keys() == {"alert", "expr", "for", "labels", "annotations"} for rule in group["rules"])
    assert len({rule["alert"] for rule in group["rules"]}) == len(alerts.RULES)
