"""Rows as files: complete, as they were, and without anything that runs."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from alignment.kernel import sheets, tables
from alignment.kernel.sheets import Cell, Kind, Place, Unwritable

TOKYO = ZoneInfo("Asia/Tokyo")
PAIRS = str.maketrans("¢£¬‖−〜", "￠￡￢∥－～")
"""Characters that JIS does not tell apart."""


def written(kind: Kind, *rows: list[Cell], header: list[str] | None = None) -> bytes:
    header = header or [f"h{number}" for number in range(len(rows[0]))]
    found = sheets.write(kind, rows, header=header, title="Leads", zone=TOKYO)
    assert found.rows == len(rows)
    with found.file as file:
        return file.read()


def read(kind: Kind, content: bytes) -> list[list[str]]:
    """What our own import reads in the file, below the header."""
    file = io.BytesIO(content)
    given = tables.Given(encoding="cp932", delimiter=",") if kind is Kind.CSV_SHIFT_JIS else tables.Given(delimiter=",")
    understood = tables.understand(file, file_name=f"x.{kind.extension}", given=given)
    reading = tables.settled(understood)
    return [cells for _number, cells in tables.rows(file, reading)][1:]


def cells_of(content: bytes) -> list[list[object]]:
    """The typed cells of a workbook, below the header."""
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()[1:]


def shift_jis_holds(text: str) -> bool:
    try:
        return text.encode("cp932").decode("cp932") == text.translate(PAIRS) and not set(text) & set(
            "\uf8f0\uf8f1\uf8f2\uf8f3"
        )
    except UnicodeEncodeError:
        return False


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TELLING = st.text(st.sampled_from("'=+-@\t\r\n\x00,\";aあ〜"), max_size=8)
TEXTS = st.lists(st.lists(ANY_TEXT | TELLING, min_size=2, max_size=2), min_size=1, max_size=5)


def framed(body: list[list[str]]) -> list[list[str]]:
    """With a word at the end of each row: a reader of workbooks leaves blank ends out."""
    return [[*row, "end"] for row in body]


@given(TEXTS)
def test_any_text_comes_back_from_a_csv(body: list[list[str]]) -> None:
    assert read(Kind.CSV, written(Kind.CSV, *framed(body))) == framed(body)


@given(TEXTS)
def test_any_text_that_shift_jis_holds_comes_back_from_it(body: list[list[str]]) -> None:
    held = framed([["".join(filter(shift_jis_holds, cell)) for cell in row] for row in body])

    found = read(Kind.CSV_SHIFT_JIS, written(Kind.CSV_SHIFT_JIS, *held))

    assert found == [[cell.translate(PAIRS) for cell in row] for row in held]


@settings(max_examples=30)
@given(TEXTS)
def test_any_text_comes_back_from_a_workbook(body: list[list[str]]) -> None:
    assert cells_of(written(Kind.XLSX, *framed(body))) == framed(body)


@pytest.mark.parametrize("text", ["=1+1", "+81312345678", "-2", "@SUM(A1)", "\t=1", "\r=1", "\x00=1", "'=1", "''@"])
def test_nothing_in_a_file_is_a_formula(text: str) -> None:
    for kind in (Kind.CSV, Kind.CSV_SHIFT_JIS):
        line = written(kind, [text, "end"]).splitlines()[1]
        assert line.lstrip(b'"').startswith(b"'"), kind
    book = zipfile.ZipFile(io.BytesIO(written(Kind.XLSX, [text, "end"])))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()

    assert "<f>" not in sheet
    assert 't="inlineStr"' in sheet
    assert 'quotePrefix="1"' in book.read("xl/styles.xml").decode()


@pytest.mark.parametrize(
    "text", ["<r><t>x</t></r>", "<r>&</r>", "{=1}", "https://a.example", "12", "_x0041_x0042_", "_x005F_", "TRUE"]
)
def test_a_text_in_a_workbook_is_never_markup_link_or_number(text: str) -> None:
    content = written(Kind.XLSX, [text, "end"])

    assert cells_of(content) == [[text, "end"]]
    assert "xl/worksheets/_rels/sheet1.xml.rels" not in zipfile.ZipFile(io.BytesIO(content)).namelist()


VALUES: list[Cell] = [
    datetime(2026, 4, 1, 16, 5, tzinfo=UTC),
    date(2026, 4, 1),
    1200,
    Decimal("1200.50"),
    True,
    None,
    "x",
]


def test_a_workbook_has_dates_numbers_and_booleans_in_the_zone_of_the_file() -> None:
    (found,) = cells_of(written(Kind.XLSX, VALUES))

    assert [type(cell) for cell in found[:5]] == [datetime, date, float, float, bool]
    assert [str(cell) for cell in found[:2]] == ["2026-04-02 01:05:00", "2026-04-01"]
    assert found[2:] == [1200, 1200.5, True, "", "x"]


@pytest.mark.parametrize("kind", [Kind.CSV, Kind.CSV_SHIFT_JIS])
def test_a_csv_has_them_in_the_form_that_imports_read(kind: Kind) -> None:
    assert read(kind, written(kind, VALUES)) == [
        ["2026-04-02 01:05:00", "2026-04-01", "1200", "1200.50", "TRUE", "", "x"]
    ]


def test_a_negative_number_stays_one() -> None:
    assert written(Kind.CSV, [-5, "end"]).splitlines()[1] == b"-5,end"


def test_a_day_before_excel_counts_is_a_text() -> None:
    assert cells_of(written(Kind.XLSX, [date(1868, 1, 25), "end"])) == [["1868-01-25", "end"]]


def test_what_shift_jis_does_not_hold_is_refused_with_its_places() -> None:
    with pytest.raises(Unwritable) as fault:
        written(Kind.CSV_SHIFT_JIS, ["a", "𠮷野"], ["b", "吉野"], ["😀", "é"], header=["note", "name"])

    assert fault.value.places == [Place(2, "name", "𠮷"), Place(4, "note", "😀"), Place(4, "name", "é")]
    assert [place.code for place in fault.value.places][:1] == ["U+20BB7"]


@pytest.mark.parametrize("character", ["\uf8f0", "\uf8f3", "—", "\xa0"])
def test_a_character_that_comes_back_as_none_is_refused(character: str) -> None:
    with pytest.raises(Unwritable) as fault:
        written(Kind.CSV_SHIFT_JIS, [f"a{character}"])

    assert fault.value.places == [Place(2, "h0", character)]


def test_of_many_places_the_first_are_told_and_the_others_counted() -> None:
    with pytest.raises(Unwritable) as fault:
        written(Kind.CSV_SHIFT_JIS, *[["😀"] for _row in range(30)])

    assert (len(fault.value.places), fault.value.more) == (20, 10)


def test_a_text_too_long_for_a_cell_of_excel_is_refused_there_and_whole_in_a_csv() -> None:
    longest, longer = "あ" * 32_767, "😀" * 16_384

    assert cells_of(written(Kind.XLSX, [longest, "end"])) == [[longest, "end"]]
    with pytest.raises(Unwritable) as fault:
        written(Kind.XLSX, ["a", "b"], [longer, "end"])
    assert fault.value.places == [Place(3, "h0", "")]
    assert read(Kind.CSV, written(Kind.CSV, [longer, "end"])) == [[longer, "end"]]


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)

    assert len(cells_of(written(Kind.XLSX, ["a"], ["b"]))) == 2
    with pytest.raises(Unwritable) as fault:
        written(Kind.XLSX, ["a"], ["b"], ["c"])
    assert fault.value.places == []


@pytest.mark.parametrize("kind", list(Kind))
def test_a_list_without_rows_is_a_header(kind: Kind) -> None:
    found = sheets.write(kind, [], header=["名前", "=x"], title="[a]/b:*?" + "x" * 40, zone=TOKYO)

    assert found.rows == 0
    assert found.file.read() != b""


def _rows(count: int) -> Iterator[list[Cell]]:
    for number in range(count):
        yield [f"名前 {number}", number, datetime(2026, 4, 1, tzinfo=UTC)]


def _peak(kind: Kind, count: int) -> int:
    tracemalloc.start()
    try:
        found = sheets.write(kind, _rows(count), header=["a", "b", "c"], title="x", zone=TOKYO)
        found.file.close()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", list(Kind))
def test_memory_does_not_grow_with_the_rows(kind: Kind) -> None:
    _peak(kind, 10)  # what is loaded once

    few, many = _peak(kind, 5_000), _peak(kind, 20_000)

    assert many < few + 200_000


@pytest.mark.parametrize("kind", list(Kind))
def test_rows_that_end_in_a_fault_leave_no_file_behind(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "_FOLDER", str(tmp_path))

    def broken() -> Iterator[list[Cell]]:
        yield from _rows(2000)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        sheets.write(kind, broken(), header=["a", "b", "c"], title="x", zone=TOKYO)

    assert list(tmp_path.iterdir()) == []
