"""A verdict says what was found, each value by its name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from leads.selectors.verdicts import explain
from leads.services import judging
from tests import factories


def touches(kind: str, *, days: int | None = 60) -> dict[str, Any]:
    return {"touches": {"kind": kind, "at_least": 1, "within_days": days}}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"field": "employees", "op": "at_least", "value": 100}, "found: 250"),
        (touches("seminar"), "found: 0"),
        (
            {"any": [touches("inquiry"), touches("seminar"), touches("download")]},
            "found: inquiry 1, seminar 0, download 2",
        ),
        (
            {"all": [touches("download", days=7), touches("download")]},
            "found: download in the last 7 days 1, download in the last 60 days 2",
        ),
        (
            {
                "all": [
                    {"field": "source", "op": "is", "value": "web"},
                    {"field": "job_title", "op": "is_present"},
                    {"field": "is_key_account", "op": "is_true"},
                    {"field": "employees", "op": "at_least", "value": 100},
                ]
            },
            "found: source “web”, job title not known, key account “no”, number of employees 250",
        ),
    ],
)
def test_each_value_has_its_name_where_there_are_several(condition: dict[str, Any], found: str, now: datetime) -> None:
    lead = factories.qualified_lead(source="web", job_title="")
    for kind, days in (("inquiry", 3), ("download", 3), ("download", 30)):
        factories.touch(lead, kind=kind, at=now - timedelta(days=days))
    factories.version_in_force({"condition": condition, "points": 10, "why": "x"}, threshold=10)
    verdict = judging.judge(lead_ids=[lead.pk], now=now)[lead.pk]

    with translation.override("en"):
        assert [line.found for line in explain(verdict).lines] == [found]
