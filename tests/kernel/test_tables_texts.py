"""Texts as they come: in any encoding of Japanese offices, nothing replaced, nothing guessed silently."""

from __future__ import annotations

import codecs
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.kernel import tables
from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import Given, Reading, Understanding
from tests.real_data import FOLDER, needs_csv_spectrum, needs_japan

# The expectation of location_coordinates has another phone number than its CSV: a slip of that data set.
SPECTRUM = sorted(
    path for path in (FOLDER / "csv-spectrum" / "csvs").glob("*.csv") if path.stem != "location_coordinates"
)


def understand(raw: bytes, **given: Any) -> Understanding:
    return tables.understand(io.BytesIO(raw), file_name="file.csv", given=Given(**given))


def read(raw: bytes, **given: Any) -> list[list[str]]:
    """The rows from the header on that have cells."""
    found = tables.rows(io.BytesIO(raw), understand(raw, **given).reading)
    return [cells for _number, cells in found if cells]


@needs_csv_spectrum
@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_spectrum_is_read_as_expected(path: Path) -> None:
    expected = json.loads((FOLDER / "csv-spectrum" / "json" / f"{path.stem}.json").read_text())

    header, *body = read(path.read_bytes())

    assert [dict(zip(header, row, strict=True)) for row in body] == expected


@needs_japan
@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("personal_300_utf8bom_crlf.csv", "utf-8-sig", ","),
        ("personal_300_utf16le_tab.txt", "utf-16", "\t"),
        ("personal_300_cp932_crlf.csv", "cp932", ","),
        ("personal_300_eucjp_lf.csv", "euc_jp", ","),
    ],
)
def test_one_list_of_persons_is_one_list_in_every_encoding(name: str, encoding: str, delimiter: str) -> None:
    reference = (FOLDER / "japan" / "personal_300_utf8bom_crlf.csv").read_bytes()
    raw = (FOLDER / "japan" / name).read_bytes()

    found = understand(raw)

    assert (found.reading.encoding, found.reading.delimiter) == (encoding, delimiter)
    assert found.parts["encoding"].certainty == "certain"
    assert read(raw) == read(reference)
    # The same without marks, which only UTF-8 and UTF-16 have.
    bare = reference.decode("utf-8-sig")
    assert all(read(bare.encode(codec)) == read(reference) for codec in ("utf-8", "utf-16-le", "utf-16-be"))


@needs_japan
def test_the_establishments_of_japan_post_are_read_whole_and_have_no_header() -> None:
    raw = (FOLDER / "japan" / "JIGYOSYO.CSV").read_bytes()

    found = understand(raw)

    assert found.reading.encoding == "cp932"
    assert found.parts["header_row"].certainty == "ask"
    assert "no_header" in [finding.code for finding in found.findings]
    assert len(read(raw)) == 22_416


@pytest.mark.parametrize(
    ("text", "codec", "certainty"),
    [
        ("id,name\nA,Smith\n", "utf-8", "certain"),
        ("id,name\nA,山田 花子 営業部 株式会社\n", "utf-8", "certain"),
        ("id,name\nA,ñ\n", "utf-8", "likely"),
        ("id,name\nA,山田 花子\n", "utf-16-le", "certain"),
        ("id,name\nA,山田 花子\n", "utf-16-be", "certain"),
        ("名前,会社\n田中 花子,ソニー株式会社\n高橋 一郎,トヨタ自動車\n", "euc_jp", "certain"),
        ("名前,会社\n氏名,株式会社\n", "euc_jp", "likely"),
    ],
)
def test_an_encoding_is_found_and_says_how_sure_it_is(text: str, codec: str, certainty: str) -> None:
    found = understand(text.encode(codec))

    assert found.reading.encoding == codec
    assert found.parts["encoding"].certainty == certainty
    assert read(text.encode(codec)) == list(csv.reader(io.StringIO(text)))


def test_what_two_encodings_read_plausibly_is_asked_and_refused_where_nobody_can_be() -> None:
    raw = "ｽｽﾞｷ,ﾔﾏﾀﾞ\n".encode("cp932")

    found = understand(raw)

    assert found.parts["encoding"].certainty == "ask"
    assert {found.reading.encoding, *found.parts["encoding"].alternatives} == {"cp932", "euc_jp"}
    with pytest.raises(InvalidInput, match="several encodings") as refused:
        tables.settled(found)
    assert refused.value.field == "encoding"
    assert tables.settled(understand(raw, encoding="cp932")).encoding == "cp932"
    assert read(raw, encoding="cp932") == [["ｽｽﾞｷ", "ﾔﾏﾀﾞ"]]


@pytest.mark.parametrize(
    ("raw", "place"), [(b"ok\nok \x85\xff\n", "Line 2"), (b"\xef\xbb\xbfab\xff", "Line 1"), (b"\xff\xfea", "Line 1")]
)
def test_bytes_that_fit_nothing_are_refused_with_line_and_byte(raw: bytes, place: str) -> None:
    with pytest.raises(InvalidInput, match=place):
        understand(raw)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp932"])
@pytest.mark.parametrize("before", range(5))
def test_a_character_may_lie_across_two_pieces_of_a_file(codec: str, before: int) -> None:
    text = "a" * before + "漢字\n" * 300_000

    assert ["".join(row) for row in read(text.encode(codec))] == text.split()


@pytest.mark.parametrize("given", [{"encoding": "utf-8"}, {}])
def test_the_place_of_a_byte_that_fits_nothing_is_told_in_a_long_file(given: dict[str, str]) -> None:
    raw = "漢\n".encode() * 300_000 + b"x\xff"

    with pytest.raises(InvalidInput, match=rf"Line 300001 \(byte {len(raw) - 1}\) is not text in utf-8"):
        understand(raw, **given)


def test_a_character_that_begins_in_one_piece_and_ends_nowhere_is_refused_where_it_begins() -> None:
    raw = b"x\n" * (512 * 1024 - 1) + b"x\xe6" + b"ok\n"

    with pytest.raises(InvalidInput, match=r"Line 524288 \(byte 1048575\)"):
        understand(raw, encoding="utf-8")


def test_a_byte_that_no_character_of_cp932_begins_with_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"Line 2 \(byte 7\) is not text in cp932"):
        understand("タカ,x\n".encode("cp932") + b"\xff\n")


def test_utf_8_with_one_fault_is_not_taken_for_the_cp932_that_its_bytes_happen_to_fit() -> None:
    raw = "漢\n".encode() * 20 + b"\xb1\n"
    assert raw.decode("cp932")

    with pytest.raises(InvalidInput, match=r"Line 21 .* is not text in utf-8"):
        understand(raw)

    assert understand(raw, encoding="cp932").reading.encoding == "cp932"  # whoever says so


def test_a_file_that_is_not_what_its_reading_says_is_refused_half_way_with_the_place() -> None:
    raw = b"id\n" + "漢\n".encode() * 10_000 + b"\xff\n"

    with pytest.raises(InvalidInput, match="Line 10002"):
        list(tables.rows(io.BytesIO(raw), Reading("text", "utf-8", ",", None, 1)))


def test_a_file_stays_open_and_can_be_read_again() -> None:
    file = io.BytesIO(b"a,b\n1,2\n")
    reading = tables.understand(file, file_name="x").reading
    assert file.tell() == 0

    assert list(tables.rows(file, reading)) == list(tables.rows(file, reading)) == [(1, ["a", "b"]), (2, ["1", "2"])]


def test_cells_that_hold_a_tab_and_no_more_part_nothing() -> None:
    found = tables.understand(io.BytesIO(b"id,name\n\t\n\t\n\t\n"), file_name="x.csv")

    assert tables.settled(found).delimiter == ","


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_separator_is_the_one_that_parts_the_rows_evenly(delimiter: str) -> None:
    lines = ["Fair in Tokyo", delimiter.join(["id", "note"]), delimiter.join(["1", '"a, b; c"']), delimiter.join("2x")]

    found = understand("\n".join([*lines, lines[-1], lines[-1]]).encode())

    assert found.reading.delimiter == delimiter
    assert found.reading.header_row == 2


def test_titles_above_the_header_are_told_and_skipped() -> None:
    raw = "展示会 2026,,\n\n作成日,2026/11/23,\n会社,名前,電話\nA社,田中,03\nB社,鈴木,06\nC社,佐藤,052\n".encode()

    found = understand(raw)

    assert found.reading.header_row == 3  # as many cells as two columns have: a person says that it is row 4
    assert found.parts["header_row"].certainty == "ask"
    assert found.first_rows[0] == (1, ("展示会 2026",))
    assert "title" in [finding.code for finding in found.findings]
    assert next(tables.rows(io.BytesIO(raw), understand(raw, header_row=4).reading)) == (4, ["会社", "名前", "電話"])


def test_headers_without_a_name_or_there_twice_and_ragged_rows_are_told() -> None:
    found = understand("会社,名前,,名前\nA,b,c,d\nA,b,c,d,e,f\nA,b\n".encode())

    assert [(finding.code, finding.row) for finding in found.findings] == [
        ("duplicate_header", 1),
        ("empty_header", 1),
        ("ragged", 3),
    ]
    assert found.parts["header_row"].certainty == "likely"


def test_rows_count_as_a_spreadsheet_does() -> None:
    raw = b'id,note\r\n\r\n1,"two\r\nlines"\r\n2,x\r\n'

    assert list(tables.rows(io.BytesIO(raw), understand(raw).reading)) == [
        (1, ["id", "note"]),
        (2, []),
        (3, ["1", "two\r\nlines"]),
        (4, ["2", "x"]),
    ]


def test_pasted_rows_are_a_table() -> None:
    file = tables.pasted('会社\t名前\nA社\t"二\n行"\n')

    found = tables.understand(file, file_name="")

    assert found.parts["encoding"].certainty == found.parts["delimiter"].certainty == "certain"
    assert [cells for _number, cells in tables.rows(file, found.reading)] == [["会社", "名前"], ["A社", "二\n行"]]
    with pytest.raises(InvalidInput):
        tables.pasted("\ud800")


TEXTS = st.text(st.characters(codec="euc_jp", exclude_characters="\x00¥‾"), max_size=8)
"""What EUC-JP holds, but for the two that it writes as a backslash and a tilde."""


@given(
    body=st.lists(st.lists(TEXTS, min_size=2, max_size=4), max_size=6),
    delimiter=st.sampled_from(",\t;"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_any_table_comes_back_from_any_text(body: list[list[str]], delimiter: str, encoding: str, end: str) -> None:
    table = [["id", "名前"], *body]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    try:
        raw = text.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return

    reading = understand(raw, encoding=encoding, delimiter=delimiter, header_row=1).reading

    assert [cells for _number, cells in tables.rows(io.BytesIO(raw), reading)] == table


def test_a_reading_is_kept_as_json_and_refused_by_the_path_of_what_is_wrong() -> None:
    reading = understand("会社,名前\nA,b\n".encode()).reading

    assert Reading.from_json(reading.as_json()) == reading
    for change, field in [
        ({"format": "pdf"}, "reading.format"),
        ({"encoding": "rot13"}, "reading.encoding"),
        ({"delimiter": '"'}, "reading.delimiter"),
        ({"header_row": 0}, "reading.header_row"),
        ({"header_row": None}, "reading.header_row"),
        ({"colour": 1}, "reading.colour"),
        ({"format": "xlsx", "sheet": ""}, "reading.sheet"),
    ]:
        with pytest.raises(InvalidInput) as refused:
            Reading.from_json(reading.as_json() | change, path="reading.")
        assert refused.value.field == field


def test_a_mark_is_no_part_of_the_first_name_whichever_encoding_is_named() -> None:
    for encoding, raw in [
        ("utf-8", codecs.BOM_UTF8 + b"id,x\n"),
        ("utf-16-le", codecs.BOM_UTF16_LE + "id,x\n".encode("utf-16-le")),
        ("utf-16-be", codecs.BOM_UTF16_BE + "id,x\n".encode("utf-16-be")),
    ]:
        assert read(raw, encoding=encoding) == [["id", "x"]]
