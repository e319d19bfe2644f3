"""What the columns of foreign files are, proposed from their names and values."""

from __future__ import annotations

import csv
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.rules.cells import read_row
from leads.rules.columns import LABELS, propose, readings_of
from leads.rules.mappings import FIELDS, parse
from tests.real_data import FOLDER, needs_japan, needs_olist


def proposed(headers: list[str], *rows: list[str], kind: str = "leads") -> dict[str, str]:
    return {proposal.header: proposal.field for proposal in propose(headers, rows, kind=kind)}


@pytest.mark.parametrize("kind", FIELDS)
def test_every_field_has_a_name_for_people(kind: str) -> None:
    assert all(str(LABELS[field]) for field in FIELDS[kind])


def test_columns_of_a_japanese_card_reader_are_known() -> None:
    headers = [
        "会社名",
        "部署",
        "役職",
        "姓",
        "名",
        "セイ",
        "メイ",
        "e-mail",
        "TEL",
        "従業員数",
        "名刺交換日",
        "血液型",
    ]

    assert list(proposed(headers).values()) == [
        "company",
        "department",
        "job_title",
        "last_name",
        "first_name",
        "last_name_kana",
        "first_name_kana",
        "email",
        "phone",
        "employees",
        "captured_at",
        "",
    ]


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        (
            ["Lead ID", "First Name", "Last Name", "Company", "Lead Source"],
            ["external_id", "first_name", "last_name", "company", "source"],
        ),
        (
            ["Record ID", "Email", "Phone Number", "Job Title", "Create Date"],
            ["external_id", "email", "phone", "job_title", "captured_at"],
        ),
        (["ＩＤ", "E_Mail", "company_name", "Full-Name"], ["external_id", "email", "company", "full_name"]),
    ],
)
def test_columns_of_common_tools_are_known_however_they_are_written(headers: list[str], fields: list[str]) -> None:
    assert list(proposed(headers).values()) == fields


def test_a_field_is_proposed_once_and_a_column_without_a_name_never() -> None:
    assert proposed(["Email", "Mail", ""], ["a@x.jp", "b@x.jp", "c"]) == {"Email": "email", "Mail": "", "": ""}


def test_addresses_are_known_by_their_values() -> None:
    assert proposed(["連絡先"], ["a@example.com"], ["b@example.co.jp"])["連絡先"] == "email"
    assert proposed(["連絡先"], ["a@example.com"], ["03-1234-5678"])["連絡先"] == ""


def test_a_column_named_like_a_date_without_dates_is_left_to_the_person() -> None:
    assert proposed(["登録日"], ["先週"])["登録日"] == ""
    assert proposed(["登録日"], ["2026/1/5"])["登録日"] == "captured_at"


def test_two_readings_of_a_date_are_left_to_the_person() -> None:
    (column,) = propose(["Created"], [["03/02/2026"], ["04/05/2026"]], kind="leads")
    assert [(reading.form, reading.value, reading.moment.date()) for reading in column.readings] == [
        ("D/M/Y", "03/02/2026", date(2026, 2, 3)),
        ("M/D/Y", "03/02/2026", date(2026, 3, 2)),
    ]
    assert column.form == ""

    (column,) = propose(["Created"], [["03/02/2026"], ["25/02/2026"]], kind="leads")
    assert column.form == "D/M/Y"


def test_dates_in_several_forms_fit_none() -> None:
    assert readings_of(["2026-01-05", "05.01.2026"]) == []
    assert readings_of([]) == []


def test_a_number_is_a_date_only_in_a_column_that_is_named_like_one() -> None:
    number, day = propose(["郵便番号", "登録日"], [["12345", "46027"]], kind="leads")

    assert number.readings == ()
    assert [reading.moment.date() for reading in day.readings] == [date(2026, 1, 5)]


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.sampled_from(["%Y-%m-%d", "%Y/%m/%d %H:%M", "%Y年%m月%d日"]))
def test_a_date_is_read_by_the_mapping_as_it_is_proposed(day: date, form: str) -> None:
    text = datetime(day.year, day.month, day.day, 9, 30).strftime(form)  # noqa: DTZ001
    (column,) = propose(["登録日"], [[text]], kind="leads")
    mapping = parse(
        {"system": "s", "columns": {"登録日": {"field": "captured_at", "format": column.form}}}, kind="leads"
    )

    row = read_row(mapping, {"登録日": text}, kind="leads", zone=ZoneInfo("Asia/Tokyo"))

    assert row["captured_at"].date() == day


@needs_olist
def test_the_dates_of_olist_after_excel_have_one_reading() -> None:
    path = FOLDER / "olist" / "excel-roundtrip" / "mql.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)

    columns = {column.header: column for column in propose(header, rows, kind="leads")}

    assert columns["mql_id"].field == "external_id"
    assert (columns["first_contact_date"].field, columns["first_contact_date"].form) == ("captured_at", "D-M-Y")
    assert columns["origin"].field == "source"


@needs_japan
def test_the_persons_of_a_japanese_file_get_their_names() -> None:
    path = FOLDER / "japan" / "personal_300_cp932_crlf.csv"
    with path.open(encoding="cp932", newline="") as file:
        header, *rows = csv.reader(file)

    found = proposed([name.strip() for name in header], *rows)

    assert {found[name] for name in ("姓", "名", "姓（カタカナ）", "名（カタカナ）")} == {
        "last_name",
        "first_name",
        "last_name_kana",
        "first_name_kana",
    }
