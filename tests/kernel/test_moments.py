"""Dates that other tools write for "none", and slips of the finger, are no dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from alignment.kernel.errors import InvalidInput
from alignment.kernel.moments import check_moment, plausible
from tests.conftest import TOKYO


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(1970, 1, 1, tzinfo=TOKYO), True),  # still 1969 in UTC, but nobody there writes it so
        (datetime(2026, 4, 1, tzinfo=UTC), True),
        (datetime(2126, 12, 31, tzinfo=UTC), True),
        (datetime(1969, 12, 31, 23, 59, tzinfo=TOKYO), False),
        (datetime(1, 1, 1, tzinfo=TOKYO), False),
        (datetime(202, 4, 1, tzinfo=UTC), False),
        (datetime(2127, 1, 1, tzinfo=UTC), False),
        (datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-12))), False),
    ],
)
def test_a_moment_lies_in_the_years_1970_to_2126(moment: datetime, expected: bool) -> None:
    assert plausible(moment) is expected


def test_an_impossible_moment_is_refused_with_its_date_and_field() -> None:
    with pytest.raises(InvalidInput, match="0001-01-01") as refusal:
        check_moment(datetime(1, 1, 1, tzinfo=TOKYO), field="captured_at")

    assert refusal.value.field == "captured_at"


def test_a_moment_of_today_passes() -> None:
    check_moment(datetime.now(UTC), field="captured_at")
