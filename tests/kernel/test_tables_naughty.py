"""Files that are no table end in one clear sentence, at once, and in nobody's memory."""

from __future__ import annotations

import codecs
import io
import struct
import zlib

import pytest

from alignment.kernel import tables
from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import Given, Reading, limits, understanding
from tests import workbooks

BOOK = workbooks.xlsx(S=[["id", "name"], ["1", "a"]])
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + '"]><workbook>&j;</workbook>'
)


def many_entries(count: int) -> bytes:
    """An archive whose last lines claim so many files."""
    end = BOOK.rindex(b"PK\x05\x06")
    return BOOK[: end + 8] + struct.pack("<HH", count, count) + BOOK[end + 12 :]


def lying(content: bytes, *, said: int) -> bytes:
    """A workbook with a part that claims to be no longer than ``said``, and whose checksum is right for that much."""
    raw = bytearray(workbooks.replaced(BOOK, {"xl/media/a.bin": content}))
    crc, claimed = zlib.crc32(content), zlib.crc32(content[:said])
    place = -1
    while (place := raw.find(struct.pack("<L", crc), place + 1)) >= 0:
        raw[place : place + 4] = struct.pack("<L", claimed)
        raw[place + 8 : place + 12] = struct.pack("<L", said)
    return bytes(raw)


def sheet(xml: str) -> bytes:
    """The workbook with this as what its sheet holds."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    whole = f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{xml}</sheetData></worksheet>'
    return workbooks.replaced(BOOK, {"xl/worksheets/sheet1.xml": whole})


FILES = {
    "nothing": (b"", "is empty"),
    "only a mark": (codecs.BOM_UTF8, "is empty"),
    "blank lines": (b"\n\n \n,,,\n", "is empty"),
    "a sheet without cells": (workbooks.xlsx(S=[]), "is empty"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "“list.csv” is a PDF document"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00", "a picture"),
    "a web page": (b"\xef\xbb\xbf <!DOCTYPE html><table><tr><td>id</td></tr></table>", "a web page or XML"),
    "entities that multiply, in a text": (LAUGHS.encode(), "a web page or XML"),
    "entities that multiply, in a workbook": (workbooks.replaced(BOOK, {"xl/workbook.xml": LAUGHS}), "damaged"),
    "entities that multiply, in a sheet": (workbooks.replaced(BOOK, {"xl/worksheets/sheet1.xml": LAUGHS}), "damaged"),
    "an archive of something else": (workbooks.archive({"a.txt": "x"}), "an archive and no spreadsheet"),
    "a workbook cut short": (BOOK[:-30], "damaged"),
    "a workbook with a torn part": (BOOK[:300] + b"\xff" * 40 + BOOK[340:], "damaged"),
    "a workbook without its sheet": (workbooks.replaced(BOOK, {"xl/worksheets/sheet1.xml": "no"}), "damaged"),
    "a bomb": (workbooks.replaced(BOOK, {"xl/media/a.bin": b"0" * 70_000_000}), "unpacks to more than 100 times"),
    "a bomb that lies about itself": (lying(b"0" * 70_000_000, said=100), "unpacks to more than 100 times"),
    "an archive that claims too many files": (many_entries(50_000), "more than 10000 files"),
    "a cell at the end of the world": (workbooks.xlsx_of_cells({"A1": "id", "XFD1048576": "x"}), "more cells than"),
    "a cell that needs more memory than there is for it": (
        workbooks.xlsx_of_cells({"A1": "id", "BXX100000": "x"}),  # 200 million cells, of which two are filled
        "more cells than",
    ),
    "an old workbook with nothing in it": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "damaged"),
    "one endless cell of a text": (b'id,name\nA,"' + b"x" * 3_000_000, "cell of row 2 is longer than 131072"),
    "one endless cell of a workbook": (
        sheet(f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"x" * 200_000}</t></is></c></row>'),
        "cell of row 1 is longer than 131072",
    ),
    "one endless line": (b"," * 5_000_000, "Row 1 is longer than 4 MB"),
    "a row of endless short lines": (b"id,name\n" + b'"x\n",' * 1_000_000, "Row 2 is longer than 4 MB"),
    "10,000 columns in a text": (b",".join(b"c%d" % n for n in range(10_000)) + b"\nA,B\n", "has 10000 columns"),
    "10,000 columns in a workbook": (workbooks.xlsx(S=[[f"c{n}" for n in range(10_000)]]), "has 10000 columns"),
    "UTF-32 with its mark": ("id,name\n".encode("utf-32"), "UTF-32"),
    "UTF-32 without": ("id,name\n".encode("utf-32-be"), "UTF-32"),
    "NUL bytes": (b"\x00" * 4096, "no text file"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_table_is_refused_in_words(name: str) -> None:
    raw, words = FILES[name]

    with pytest.raises(InvalidInput, match=words) as refused:
        tables.understand(io.BytesIO(raw), file_name="list.csv")

    assert str(refused.value).endswith((".", "?"))
    assert refused.value.field in ("file", "encoding")


@pytest.mark.parametrize("name", ["list.xlsx", "LIST.XLS", "list.ods"])
def test_bytes_that_are_neither_a_workbook_nor_a_text_are_called_what_their_name_says(name: str) -> None:
    with pytest.raises(InvalidInput, match="spreadsheet is damaged") as refused:
        tables.understand(io.BytesIO(b"PK?\x85\xff\x00\x01" * 50), file_name=name)

    assert refused.value.field == "file"  # no encoding is asked for


def test_a_text_that_is_named_like_a_workbook_is_read_as_what_it_is() -> None:
    found = tables.understand(io.BytesIO(b"id,name\nA,B\n"), file_name="list.xls")

    assert found.reading.format == "text"


def test_a_workbook_with_a_password_says_so() -> None:
    raw = bytearray(BOOK)
    place = -1
    while (place := raw.find(b"PK\x01\x02", place + 1)) >= 0:
        raw[place + 8] |= 1  # "encrypted", in the directory …
    while (place := raw.find(b"PK\x03\x04", place + 1)) >= 0:
        raw[place + 6] |= 1  # … and before each part

    with pytest.raises(InvalidInput, match="password"):
        tables.understand(io.BytesIO(bytes(raw)), file_name="list.xlsx")


def test_a_nul_byte_in_a_text_is_told_with_its_line() -> None:
    found = tables.understand(io.BytesIO(b"id,name\r\n1,a\r\n2,b\x00\r\n"), file_name="list.csv")

    assert found.reading.encoding == "utf-8"
    assert [(finding.code, finding.row) for finding in found.findings] == [("nul", 0)]
    assert "Line 3" in found.findings[0].message


def test_a_file_that_is_too_large_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(understanding, "LARGEST", 10)

    with pytest.raises(InvalidInput, match="larger than"):
        tables.understand(io.BytesIO(b"id,name\nA,Hanako\n"), file_name="list.csv")


def test_bounds_hold_half_way_too() -> None:
    text = b"id,name\n" + b"1,a\n" * 5000 + b'2,"' + b"x" * limits.LONGEST_CELL * 2
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>a</t></is></c></row>' for row in range(1, 3000))
    book = sheet(
        cells + f'<row r="3000"><c r="A3000" t="inlineStr"><is><t>{"x" * limits.LONGEST_CELL * 2}</t></is></c></row>'
    )

    for raw, reading, words in [
        (text, Reading("text", "utf-8", ",", None, 1), "cell of row 5002 is longer"),
        (book, Reading("xlsx", None, None, "S", 1), "cell of row 3000 is longer"),
    ]:
        with pytest.raises(InvalidInput, match=words):
            list(tables.rows(io.BytesIO(raw), reading))


def test_a_named_encoding_is_checked_like_a_found_one() -> None:
    with pytest.raises(InvalidInput, match="Line 2"):
        tables.understand(io.BytesIO(b"id\n\x81\n"), file_name="list.csv", given=Given(encoding="cp932"))
