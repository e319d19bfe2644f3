"""Files for Excel: nothing lost, nothing that runs as a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.kernel import textio


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
