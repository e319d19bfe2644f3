"""A column of dates has one form, and all of its values together say which."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.kernel.tables import dates
from alignment.kernel.tables.dates import DateColumn
from tests.real_data import FOLDER, needs_maven, needs_olist

WRITTEN = {
    "Y-M-D": "{0.year:04}-{0.month:02}-{0.day:02}",
    "Y/M/D": "{0.year}/{0.month}/{0.day}",
    "Y.M.D": "{0.year}.{0.month}.{0.day}",
    "D-M-Y": "{0.day:02}-{0.month:02}-{0.year}",
    "D/M/Y": "{0.day}/{0.month}/{0.year}",
    "D.M.Y": "{0.day:02}.{0.month:02}.{0.year}",
    "M-D-Y": "{0.month}-{0.day}-{0.year}",
    "M/D/Y": "{0.month}/{0.day}/{0.year}",
    "M.D.Y": "{0.month}.{0.day}.{0.year}",
    "YMD": "{0.year}{0.month:02}{0.day:02}",
    "Y年M月D日": "{0.year}年{0.month}月{0.day}日",
}


def column(values: Iterable[str]) -> DateColumn:
    found = DateColumn()
    for value in values:
        found.take(value)
    return found


def forms(values: Iterable[str]) -> list[str]:
    return [fit.form for fit in column(values).fits()]


def of_file(*path: str, name: str) -> list[str]:
    with FOLDER.joinpath(*path).open(newline="", encoding="utf-8") as file:
        return [row[name] for row in csv.DictReader(file)]


@needs_olist
@pytest.mark.parametrize(("name", "header"), [("mql.csv", "first_contact_date"), ("closed_deals.csv", "won_date")])
def test_after_a_trip_through_excel_the_day_comes_first_and_every_date_is_the_same(name: str, header: str) -> None:
    original, after = of_file("olist", name, name=header), of_file("olist", "excel-roundtrip", name, name=header)

    assert forms(original) == ["Y-M-D"]
    assert forms(after) == ["D-M-Y"]
    assert [dates.read(value, "D-M-Y").date() for value in after] == [
        dates.read(value, "Y-M-D").date() for value in original
    ]


@needs_maven
def test_dates_of_an_american_excel_have_the_month_first() -> None:
    known = [value for value in of_file("maven", "sales_pipeline.csv", name="close_date") if value]
    american = [WRITTEN["M/D/Y"].format(date.fromisoformat(value)) for value in known]

    assert forms(american) == ["M/D/Y"]


def test_two_readings_are_both_shown_with_dates_that_differ() -> None:
    found = column(["01-02-2018", "03-03-2018", "", "11-12-2018"])

    assert [fit.form for fit in found.fits()] == ["D-M-Y", "M-D-Y"]
    differing = found.differing("D-M-Y", "M-D-Y")
    assert [(value, one.date().isoformat(), other.date().isoformat()) for value, one, other in differing] == [
        ("01-02-2018", "2018-02-01", "2018-01-02"),
        ("11-12-2018", "2018-12-11", "2018-11-12"),
    ]


def test_one_value_settles_its_column() -> None:
    assert forms(["01/02/2018"] * 5000) == ["D/M/Y", "M/D/Y"]
    assert forms(["01/02/2018"] * 5000 + ["12/31/2018"]) == ["M/D/Y"]


def test_a_column_that_no_form_reads_wholly_says_what_does_not_fit() -> None:
    found = column(["2026-01-05", "2026-02-30", "soon", "x" * 100_000])

    [best] = found.candidates()
    assert not found.fits()
    assert (best.form, best.misfits) == ("Y-M-D", 3)
    assert found.misfits("Y-M-D")[:2] == ["2026-02-30", "soon"]
    assert len(found.misfits("Y-M-D")[2]) < 50
    assert column(["", " "]).candidates() == []


@pytest.mark.parametrize(
    ("value", "form", "moment"),
    [
        ("令和8年11月23日", "令和Y年M月D日", "2026-11-23T00:00:00"),
        ("令和元年5月1日", "令和Y年M月D日", "2019-05-01T00:00:00"),
        ("２０２６／１１／２３", "Y/M/D", "2026-11-23T00:00:00"),
        ("1/2/2026 9:05 PM", "M/D/Y", "2026-01-02T21:05:00"),
        ("1/2/2026 12:05 AM", "M/D/Y", "2026-01-02T00:05:00"),
        ("2026-11-23T10:05:00+09:00", "Y-M-D", "2026-11-23T10:05:00+09:00"),
        ("2026-11-23T10:05:00.123Z", "Y-M-D", "2026-11-23T10:05:00+00:00"),
        ("46349.5", "serial", "2026-11-23T12:00:00"),
    ],
)
def test_moments_are_read_as_people_and_programs_write_them(value: str, form: str, moment: str) -> None:
    assert dates.read(value, form) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("value", ["2026-02-30", "2026-11-23 24:00", "13/13/2026", "9999-12-31", "0001-01-01", "99999"])
def test_what_no_calendar_has_or_nobody_means_is_no_date(value: str) -> None:
    assert forms([value]) == []


DAYS = st.dates(date(1970, 1, 1), date(2126, 12, 31))


@given(st.lists(DAYS, min_size=1), st.sampled_from(sorted(WRITTEN)), st.booleans())
def test_the_form_in_which_a_column_is_written_is_among_those_that_fit(
    days: list[date], form: str, timed: bool
) -> None:
    values = [WRITTEN[form].format(day) + (" 10:05" if timed else "") for day in days]

    assert form in forms(values)
    assert [dates.read(value, form).date() for value in values] == days


@given(DAYS)
def test_the_serial_number_of_a_day_is_that_of_excel(day: date) -> None:
    number = (day - date(1899, 12, 30)) // timedelta(days=1)

    assert dates.read(str(number), "serial").date() == day
