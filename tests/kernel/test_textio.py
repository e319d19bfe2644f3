"""Files as they come: nothing replaced, nothing lost, nothing that runs as a formula."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.kernel import textio
from alignment.kernel.errors import InvalidInput
from tests.real_data import FOLDER, needs_csv_spectrum, needs_japan

# The expectation of location_coordinates has another phone number than its CSV: a slip of that data set.
SPECTRUM = sorted(
    path for path in (FOLDER / "csv-spectrum" / "csvs").glob("*.csv") if path.stem != "location_coordinates"
)


def read(raw: bytes, *, encoding: str | None = None, delimiter: str | None = None) -> tuple[list[list[str]], str]:
    text, found = textio.opened(io.BytesIO(raw), encoding=encoding)
    return [cells for _number, cells in textio.numbered_rows(text, delimiter=delimiter) if cells], found


@needs_csv_spectrum
@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_spectrum_is_read_as_expected(path: Path) -> None:
    expected = json.loads((FOLDER / "csv-spectrum" / "json" / f"{path.stem}.json").read_text())

    (header, *body), _encoding = read(path.read_bytes(), delimiter=",")

    assert [dict(zip(header, row, strict=True)) for row in body] == expected


@needs_japan
@pytest.mark.parametrize(
    ("name", "named", "found"),
    [
        ("personal_300_utf8bom_crlf.csv", None, "utf-8-sig"),
        ("personal_300_utf16le_tab.txt", None, "utf-16"),
        ("personal_300_cp932_crlf.csv", None, "cp932"),
        ("personal_300_eucjp_lf.csv", "euc_jp", "euc_jp"),
    ],
)
def test_one_list_of_persons_in_four_encodings_is_one_list(name: str, named: str | None, found: str) -> None:
    reference, _encoding = read((FOLDER / "japan" / "personal_300_utf8bom_crlf.csv").read_bytes())

    rows, encoding = read((FOLDER / "japan" / name).read_bytes(), encoding=named)

    assert encoding == found
    assert rows == reference


@needs_japan
def test_the_establishments_of_japan_post_are_read_whole() -> None:
    rows, encoding = read((FOLDER / "japan" / "JIGYOSYO.CSV").read_bytes())

    assert encoding == "cp932"
    assert len(rows) == 22_416


@pytest.mark.parametrize(
    ("raw", "place"), [(b"ok\nok \x85\xff\n", "Line 2"), (b"\xef\xbb\xbfab\xff", "Line 1"), (b"\xff\xfea", "Line 1")]
)
def test_bytes_that_fit_nothing_are_refused_with_line_and_byte(raw: bytes, place: str) -> None:
    with pytest.raises(InvalidInput, match=place):
        textio.opened(io.BytesIO(raw))


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp932"])
@pytest.mark.parametrize("before", range(5))
def test_a_character_may_lie_across_two_pieces_of_a_file(codec: str, before: int) -> None:
    text = "a" * before + "漢字\n" * 300_000

    rows, _encoding = read(text.encode(codec))

    assert ["".join(row) for row in rows] == text.split()


def test_the_place_of_a_byte_that_fits_nothing_is_told_in_a_long_file() -> None:
    raw = "漢\n".encode() * 300_000 + b"x\xff"

    with pytest.raises(InvalidInput, match=rf"Line 300001 \(byte {len(raw) - 1}\) is not text in utf-8"):
        textio.opened(io.BytesIO(raw), encoding="utf-8")


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(InvalidInput):
        textio.opened(io.BytesIO(b"a"), encoding="rot13")


@pytest.mark.parametrize("cell", ["=1+1", "+81312345678", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_would_run_is_made_harmless(cell: str) -> None:
    assert textio.harmless(cell) == "'" + cell
    assert cell not in textio.write(["h"], [[cell]]).decode("utf-8-sig").splitlines()


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=2, max_size=2), max_size=5))
def test_what_is_written_reads_back_but_for_the_quote_of_safety(body: list[list[str]]) -> None:
    raw = textio.write(["a", "b"], body)

    header, *found = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))

    assert header == ["a", "b"]
    assert found == [[textio.harmless(cell) for cell in row] for row in body]
