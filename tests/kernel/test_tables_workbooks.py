"""Workbooks as Excel, LibreOffice and CRM tools write them, read as the tables that people see in them."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.kernel import tables
from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import Given, Reading, Understanding
from tests import workbooks
from tests.real_data import FOLDER, needs_crm_samples


def understand(raw: bytes, **given: Any) -> Understanding:
    return tables.understand(io.BytesIO(raw), file_name="file.xlsx", given=Given(**given))


def read(raw: bytes, **given: Any) -> list[list[str]]:
    return [cells for _number, cells in tables.rows(io.BytesIO(raw), understand(raw, **given).reading)]


def test_values_come_out_as_people_see_them() -> None:
    row = [
        *("社名", 2000.0, 0.1 + 0.2, 1e15, -1.5, True, date(2026, 11, 23), datetime.fromisoformat("2026-11-23T10:05")),
        *(time(9, 30), timedelta(hours=26, minutes=3), "=1+1", "+81312345678", "01"),
    ]

    found = read(workbooks.xlsx(S=[["h"] * len(row), row]), header_row=2)

    assert found == [
        [
            *("社名", "2000", "0.3", "1000000000000000", "-1.5", "TRUE", "2026-11-23", "2026-11-23 10:05:00"),
            *("09:30:00", "26:03:00", "=1+1", "+81312345678", "01"),
        ]
    ]


def test_rows_count_as_the_spreadsheet_does_and_columns_begin_where_the_table_does() -> None:
    raw = workbooks.xlsx_of_cells({"C2": "Fair", "C4": "id", "D4": "name", "C6": "1", "D6": "a"})

    found = understand(raw)

    assert (found.reading.format, found.reading.sheet, found.reading.header_row) == ("xlsx", "S", 4)
    assert found.parts["header_row"].certainty == "likely"
    assert list(tables.rows(io.BytesIO(raw), found.reading)) == [(4, ["id", "name"]), (5, []), (6, ["1", "a"])]


def test_several_sheets_are_asked_about_and_refused_where_nobody_can_be() -> None:
    raw = workbooks.xlsx(お名刺=[["id"], ["1"]], Other=[["no"], ["2"]])

    found = understand(raw)

    assert found.sheets == ("お名刺", "Other")
    assert found.parts["sheet"] == tables.Part("ask", ("Other",))
    with pytest.raises(InvalidInput, match="several sheets: お名刺, Other") as refused:
        tables.settled(found)
    assert refused.value.field == "sheet"
    assert tables.settled(understand(raw, sheet="Other")).sheet == "Other"
    assert read(raw, sheet="Other") == [["no"], ["2"]]
    with pytest.raises(InvalidInput, match=r"no sheet “Third”\. It has: お名刺, Other"):
        understand(raw, sheet="Third")


def test_hidden_sheets_are_not_asked_about() -> None:
    raw = workbooks.xlsx_of_cells({"A1": "id", "A2": "a"}, hidden=["Lists"])

    found = understand(raw)

    assert found.parts["sheet"].certainty == "certain"
    assert found.sheets == ("S",)


def test_cells_with_an_error_are_told_and_read_as_empty() -> None:
    raw = workbooks.xlsx_of_cells({"A1": "id", "B1": "name", "A2": "1", "B2": "=#N/A", "A3": "=#DIV/0!", "B3": "x"})

    found = understand(raw)

    [finding] = found.findings
    assert finding.code == "errors"
    assert "B2 (#N/A), A3 (#DIV/0!)" in finding.message
    assert read(raw) == [["id", "name"], ["1"], ["", "x"]]


@pytest.mark.parametrize("before", [0, 1, 2, 5, 12, 40])
def test_an_error_is_told_wherever_the_sheet_is_cut_in_reading(before: int) -> None:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    start = f'<worksheet xmlns="{space}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="2"><!--'
    cell = '--><c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row></sheetData></worksheet>'
    padding = "x" * (1024 * 1024 - len(start) - len("-->") - before)

    found = understand(
        workbooks.replaced(workbooks.xlsx(S=[["1"]]), {"xl/worksheets/sheet1.xml": start + padding + cell})
    )

    assert [finding.message.count("A2 (#DIV/0!)") for finding in found.findings if finding.code == "errors"] == [1]


def test_an_open_document_is_read_like_a_workbook_of_excel() -> None:
    raw = workbooks.ods([["id", "売上"], ["1", 2000.0], ["2", 0.5]])

    found = understand(raw)

    assert (found.reading.format, found.reading.sheet) == ("ods", "S")
    assert read(raw) == [["id", "売上"], ["1", "2000"], ["2", "0.5"]]


@needs_crm_samples
@pytest.mark.parametrize(
    ("name", "sheet", "form", "header", "rows"),
    [
        ("crm_lead.xls", "Template", "xls", ["External ID", "Name", "Company Name"], 9),
        ("crm_lead_insurance_user.xlsx", None, "xlsx", ["Opportunity", "Expected Revenue", "Probability"], 7),
    ],
)
def test_templates_of_a_crm_are_read(name: str, sheet: str | None, form: str, header: list[str], rows: int) -> None:
    path: Path = FOLDER / "crm-samples" / name
    with path.open("rb") as file:
        found = tables.understand(file, file_name=name, given=Given(sheet=sheet))
        read = [cells for _number, cells in tables.rows(file, found.reading)]

    assert found.reading.format == form
    assert found.parts["header_row"].certainty == "certain"
    assert read[0][:3] == header
    assert len(read) == rows
    if form == "xlsx":
        assert read[1][:3] == ["Opp2", "20000", "80"]
        assert read[1][8] == "2022-07-26"


def test_a_file_on_disk_is_left_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbooks.xlsx(S=[["id"], ["1"]]))
    with path.open("rb") as file:
        reading = tables.understand(file, file_name=path.name).reading
        whole = tables.rows(file, reading)
        assert next(whole) == (1, ["id"])
        file.seek(0)
        assert file.read() == path.read_bytes()
        assert list(whole) == [(2, ["1"])]


def test_whoever_stops_reading_leaves_no_process_behind() -> None:
    raw = workbooks.xlsx(S=[["id"], *([str(number)] for number in range(20_000))])
    before = _children()
    found = tables.rows(io.BytesIO(raw), Reading("xlsx", None, None, "S", 1))
    next(found)
    assert len(_children()) == len(before) + 1

    found.close()

    assert _children() == before


def _children() -> set[str]:
    """The processes that this one has started, those that ended and were not waited for among them."""
    return {number for task in Path("/proc/self/task").iterdir() for number in (task / "children").read_text().split()}


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5))
def test_any_table_comes_back_from_a_workbook(body: list[list[str]]) -> None:
    table = [["id", "名前", "x", "y"], *body]

    found = read(workbooks.xlsx(S=table), header_row=1)

    # A workbook does not know how wide or how long a table is whose end is empty.
    assert [*found, *([[]] * len(table))][: len(table)] == [_without_empty_end(row) for row in table]


def _without_empty_end(cells: list[str]) -> list[str]:
    return next((cells[:end] for end in range(len(cells), 0, -1) if cells[end - 1]), [])


def test_the_furigana_of_a_cell_is_no_part_of_its_text() -> None:
    book = workbooks.xlsx(S=[["氏名"], ["田中"]])
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    texts = (
        f'<?xml version="1.0"?><sst xmlns="{space}" count="2" uniqueCount="2"><si><t>氏名</t></si>'
        '<si><t>田中</t><rPh sb="0" eb="2"><t>タナカ</t></rPh><phoneticPr fontId="1"/></si></sst>'
    )

    assert read(workbooks.replaced(book, {"xl/sharedStrings.xml": texts})) == [["氏名"], ["田中"]]
