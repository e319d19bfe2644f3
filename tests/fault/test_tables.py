"""Large and hostile files: answered at once, and never in the memory of the process that asks."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from alignment.kernel.tables import limits
from tests import workbooks
from tests.fault.stack import PROJECT

MB = limits.MB
BOOK = workbooks.xlsx(S=[["id", "name"], ["1", "a"]])
SHEET = "xl/worksheets/sheet1.xml"
MEASURE = """
import json, re, sys, time
from pathlib import Path
import django
from django.conf import settings
settings.configure(USE_I18N=False)
django.setup()
from alignment.kernel import tables
from alignment.kernel.errors import InvalidInput

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

tables.understand(tables.pasted("id"), file_name="")
said, rows, before, begun = "", 0, peak(), time.monotonic()
with open(sys.argv[1], "rb") as file:
    try:
        understanding = tables.understand(file, file_name=sys.argv[1])
        answered = time.monotonic() - begun
        if "rows" in sys.argv:
            rows = sum(1 for _row in tables.rows(file, understanding.reading))
    except InvalidInput as refused:
        answered, said = time.monotonic() - begun, str(refused)
print(json.dumps({"answered": answered, "grown": peak() - before, "said": said, "rows": rows}))
"""


def measure(path: Path, *options: str) -> dict[str, float | str]:
    """What a fresh process says of the file: after how many seconds, and how many MiB it has grown by at most."""
    command = [sys.executable, "-c", MEASURE, str(path), *options]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def text(path: Path, piece: bytes, *, size: int, start: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(start)
        for _time in range(size // len(piece)):
            file.write(piece)


def bomb(path: Path) -> None:
    """A workbook of a megabyte whose sheet is a gigabyte."""
    path.write_bytes(workbooks.replaced(BOOK, {}))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/a.bin", "w") as part:
        for _time in range(1024):
            part.write(b"0" * MB)


def large_bomb(path: Path) -> None:
    """A workbook as large as is taken, nearly all of which is a bomb: as much as may be unpacked is."""
    bomb(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive, archive.open("xl/media/b.bin", "w") as part:
        for _time in range(64):
            part.write(b"0" * MB)


def many_entries(path: Path) -> None:
    """An archive with a million entries, all of which are the same one."""
    with path.open("wb") as file:
        file.write(struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a")
        entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
        for _time in range(1000):
            file.write(entry * 1000)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(entry) * 1_000_000, 31, 0))


def one_cell(path: Path) -> None:
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    whole = f'<worksheet xmlns="{space}"><sheetData>{cell.format("x" * 50 * MB)}</sheetData></worksheet>'
    path.write_bytes(workbooks.replaced(BOOK, {SHEET: whole}))


def laughs(path: Path) -> None:
    entities = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    whole = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">{entities}]><worksheet>&j;</worksheet>'
    path.write_bytes(workbooks.replaced(BOOK, {SHEET: whole}))


NAUGHTY: dict[str, tuple[Callable[[Path], object], str]] = {
    "a line of 200 MB": (lambda path: text(path, b"x" * MB, size=200 * MB), "Row 1 is longer"),
    "a line of 200 MB in the end": (
        lambda path: text(path, b"x" * MB, size=200 * MB, start=b"id,name\n1,a\n"),
        "Row 3 is longer",
    ),
    "a cell of 50 MB in a text": (
        lambda path: text(path, b"x" * 1023 + b"\n", size=50 * MB, start=b'id,name\n1,"'),
        "A cell of row 2 is longer",
    ),
    "a cell of 50 MB in a workbook": (one_cell, "A cell of row 1 is longer"),
    "2 GB": (lambda path: text(path, b"\0" * MB, size=2048 * MB), "larger than 256 MB"),
    "NUL bytes": (lambda path: text(path, b"\0" * MB, size=200 * MB), "no text file"),
    "UTF-32": (lambda path: text(path, "id,name\n".encode("utf-32-le") * 1000, size=200 * MB), "UTF-32"),
    "a bomb": (bomb, "unpacks to more than"),
    "a large bomb": (large_bomb, "unpacks to more than"),
    "a million entries": (many_entries, "more than 10000 files"),
    "a cell at the end of the world": (
        lambda path: path.write_bytes(workbooks.xlsx_of_cells({"A1": "id", "XFD1048576": "x"})),
        "more cells than can be read",
    ),
    "entities that multiply": (laughs, "damaged"),
    "a PDF by the name of a workbook": (
        lambda path: text(path, b"0" * MB, size=200 * MB, start=b"%PDF-1.7\n"),
        "a PDF document",
    ),
    "10,000 columns": (
        lambda path: text(path, b",".join(b"%d" % n for n in range(10_000)) + b"\n", size=100 * MB),
        "has 10000 columns",
    ),
    "a million columns": (lambda path: text(path, b"," * 999_999 + b"x\n", size=100 * MB), "has 1000000 columns"),
}


@pytest.mark.parametrize("name", NAUGHTY)
def test_a_naughty_file_is_refused_within_two_seconds(
    name: str, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    make, words = NAUGHTY[name]
    path = tmp_path / "list.xlsx"
    make(path)

    found = measure(path)

    measured(f"{found['answered']:.2f} s, {found['grown']} MiB: {found['said']}")
    assert words in str(found["said"])
    assert found["answered"] < 2
    assert found["grown"] <= 50


LINE = "株式会社山田製作所,田中 花子,h.tanaka@example.co.jp,東京都千代田区丸の内一丁目,2026/11/23,5\r\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp932", "euc_jp"])
def test_a_text_of_150_mb_is_understood_within_three_seconds_and_streamed(
    codec: str, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    path = tmp_path / "list.csv"
    line = LINE.encode(codec.replace("utf-16", "utf-16-le")) * 1000
    text(path, line, size=150 * MB, start="会社,氏名,メール,住所,日付,数\r\n".encode(codec))
    lines = 150 * MB // len(line) * 1000 + 1

    found = measure(path, "rows")

    measured(f"{codec}: {found['answered']:.2f} s, {found['grown']} MiB, {found['rows']} rows")
    assert found["said"] == ""
    assert found["rows"] == lines
    assert found["answered"] < 3
    assert found["grown"] <= 50
