"""How many real leads a draft would reach: the number beside each row of the builder."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leads.models import Lead
from leads.rules.conditions import parse
from leads.selectors.samples import Scored, known_values, last_quarter, reach
from tests import factories
from tests.leads.definition_steps import FREE_MAIL, MANUFACTURERS, TWO_DOWNLOADS
from tests.touch_words import VOCABULARY

pytestmark = pytest.mark.django_db
TOKYO = ZoneInfo("Asia/Tokyo")
FEBRUARY = datetime(2026, 2, 10, 9, 0, tzinfo=TOKYO)


@pytest.fixture
def maker() -> Lead:
    return factories.lead(account=factories.account(industry="Manufacturing"), captured_at=FEBRUARY)


def test_the_sample_is_the_last_full_quarter_of_the_organisation(maker: Lead, now: datetime):
    first = datetime(2026, 1, 1, 0, 0, tzinfo=TOKYO)
    inside = [factories.lead(captured_at=at) for at in (first, datetime(2026, 3, 31, 23, 59, tzinfo=TOKYO))]
    for at in (first - timedelta(seconds=1), datetime(2026, 4, 1, 0, 0, tzinfo=TOKYO)):
        factories.lead(captured_at=at)

    sample = last_quarter(now=now)  # April 1

    assert (sample.start, sample.total) == (first, 3)
    assert set(sample.leads()) == {maker, *inside}
    assert sample.label == "FY2025 (Apr 2025–Mar 2026) Q4"


def test_each_criterion_and_the_whole_are_counted_together(maker: Lead, now: datetime):
    private = factories.lead(account=maker.account, is_free_mail=True, captured_at=FEBRUARY)
    other = factories.lead(captured_at=FEBRUARY)
    lines = [
        Scored(parse(MANUFACTURERS, VOCABULARY), 10, is_disqualifier=False),
        Scored(None, 50, is_disqualifier=False),
        Scored(parse(FREE_MAIL, VOCABULARY), 0, is_disqualifier=True),
        Scored(parse({"all": []}, VOCABULARY), -5, is_disqualifier=False),
    ]

    found = reach(last_quarter(now=now), criteria=lines, threshold=5)

    assert found.each == (2, None, 1, 3)
    assert found.qualified == 1
    assert {private, other} <= set(last_quarter(now=now).leads())


def test_touches_count_as_they_stood_when_the_lead_was_captured(maker: Lead, now: datetime):
    late = factories.lead(captured_at=FEBRUARY)
    for days_ago in (0, 20):
        factories.touch(maker, at=FEBRUARY - timedelta(days=days_ago))
    for days_later in (1, 2):
        factories.touch(late, at=FEBRUARY + timedelta(days=days_later))
    lines = [Scored(parse(TWO_DOWNLOADS, VOCABULARY), 10, is_disqualifier=False)]

    assert reach(last_quarter(now=now), criteria=lines, threshold=10).each == (1,)


def test_an_empty_draft_over_no_leads_counts_nothing(now: datetime):
    found = reach(last_quarter(now=now), criteria=[], threshold=1)

    assert (found.each, found.qualified) == ((), 0)


def test_the_values_offered_are_those_that_leads_have_most_frequent_first(maker: Lead):
    for industry in ("Steel", "Steel", ""):
        factories.lead(account=factories.account(industry=industry), source="web")

    values = known_values()

    assert values["industry"] == ["Steel", "Manufacturing"]
    assert values["source"] == ["web"]
    assert values["prefecture"] == []
