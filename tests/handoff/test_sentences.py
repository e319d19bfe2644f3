"""What follows a rejection, in words and dates."""

from __future__ import annotations

from datetime import date

import pytest

from alignment.accounts.models import CompanyDay, Organisation
from handoff.models import RejectionReason
from handoff.selectors.sentences import default_return, follows

TODAY = date(2026, 4, 1)


def after(days: int) -> RejectionReason:
    return RejectionReason(code="timing", next_step="recycle", recycle_days=days)


@pytest.mark.parametrize(
    ("days", "day"),
    [
        (0, date(2026, 4, 2)),  # never today
        (5, date(2026, 4, 6)),
        (4, date(2026, 4, 6)),  # a Sunday
        (28, date(2026, 4, 30)),  # the day after Showa Day is a Thursday
        (32, date(2026, 5, 7)),  # a Sunday in Golden Week, with three holidays after it
    ],
)
def test_a_lead_comes_back_on_a_working_day(days: int, day: date, db: None) -> None:
    assert default_return(after(days), today=TODAY) == day


def test_the_days_of_the_company_count_too(db: None) -> None:
    CompanyDay.objects.create(on=date(2026, 4, 6), kind=CompanyDay.Kind.CLOSED, name="Founding day")

    assert default_return(after(4), today=TODAY) == date(2026, 4, 7)


def test_hours_that_never_open_lose_no_lead(db: None) -> None:
    organisation = Organisation.get()
    Organisation.objects.update(weekly_hours={name: [] for name in organisation.weekly_hours})

    assert default_return(after(4), today=TODAY) == date(2026, 4, 5)


def test_every_reason_reads_the_calendar_once(db: None, django_assert_num_queries) -> None:
    Organisation.get()

    with django_assert_num_queries(2):
        said = follows([after(4), RejectionReason(code="duplicate", next_step="close")], today=TODAY)

    assert said == {
        "timing": "back to marketing on Apr 6, 2026 (Mon)",
        "duplicate": "closed here: the colleague who is in contact goes on",
    }
