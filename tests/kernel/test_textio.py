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


def rows(text: str, *, delimiter: str | None = None) -> list[list[str]]:
    return [cells for _number, cells in textio.numbered_rows(text, delimiter=delimiter) if cells]


@needs_csv_spectrum
@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_spectrum_is_read_as_expected(path: Path) -> None:
    expected = json.loads((FOLDER / "csv-spectrum" / "json" / f"{path.stem}.json").read_text())
    text, _encoding = textio.decode(path.read_bytes())

    header, *body = rows(text, delimiter=",")

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
    reference, _encoding = textio.decode((FOLDER / "japan" / "personal_300_utf8bom_crlf.csv").read_bytes())

    text, encoding = textio.decode((FOLDER / "japan" / name).read_bytes(), encoding=named)

    assert encoding == found
    assert rows(text) == rows(reference)


@needs_japan
def test_the_establishments_of_japan_post_are_read_whole() -> None:
    text, encoding = textio.decode((FOLDER / "japan" / "JIGYOSYO.CSV").read_bytes())

    assert encoding == "cp932"
    assert len(rows(text)) == 22_416


@pytest.mark.parametrize(
    ("raw", "place"), [(b"ok\nok \x85\xff\n", "Line 2"), (b"\xef\xbb\xbfab\xff", "Line 1"), (b"\xff\xfea", "Line 1")]
)
def test_bytes_that_fit_nothing_are_refused_with_line_and_byte(raw: bytes, place: str) -> None:
    with pytest.raises(InvalidInput, match=place):
        textio.decode(raw)


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(InvalidInput):
        textio.decode(b"a", encoding="rot13")


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
