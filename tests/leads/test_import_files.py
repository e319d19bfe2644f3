"""Text or workbook, a table is taken; a file that is none is refused at once, with what to do, and nothing is taken."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables import understanding
from leads.models import ImportJob, Lead
from leads.services.importing import run_import
from tests import workbooks

MAPPING = {"system": "crm", "columns": {"id": "external_id", "name": "full_name"}}


FILES = {
    "an archive": (workbooks.archive({"leads.csv": "id,name\n"}), "no spreadsheet"),
    "a document": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "a PDF document"),
    "a damaged workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "damaged"),
    "several sheets, none named": (workbooks.xlsx(A=[["id"], ["1"]], B=[["id"]]), "several sheets: A, B"),
    "one endless cell": (b'id,name\nA,"' + b"x" * 3_000_000, "longer than 131072 characters"),
    "one endless line": (b"x" * 3_000_000, "longer than 131072 characters"),
    "another column": (b"id,title\n1,a\n", "no column “name”"),
    "a table without end": (b",".join(b"c%d" % n for n in range(200_000)) + b"\nA,B\n", "200000 columns"),
    "nothing": (b"", "empty"),
    "blank lines": (b"\n\n \n,,,\n", "empty"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_table_is_refused_in_words(db, kei, now, name):
    raw, words = FILES[name]

    with pytest.raises(InvalidInput) as refused:
        run_import(kind="leads", file=io.BytesIO(raw), file_name="leads.csv", mapping=MAPPING, actor=kei, now=now)

    assert words in str(refused.value)
    assert not Lead.objects.exists()
    assert not ImportJob.objects.exists()


def test_a_file_that_is_too_large_is_not_even_read(db, kei, tmp_path, monkeypatch):
    monkeypatch.setattr(understanding, "LARGEST", 10)
    file, mapping = tmp_path / "leads.csv", tmp_path / "mapping.json"
    file.write_text("id,name\nA,Hanako\n")
    mapping.write_text(json.dumps(MAPPING))

    with pytest.raises(CommandError, match="Split it"):
        call_command("import_records", "leads", str(file), "--mapping", str(mapping), "--as", kei.email)


TABLE = [
    ["id", "名前", "seen", "n"],
    ["A1", "田中 花子", date(2026, 2, 3), 1200.0],
    ["A2", "鈴木", date(2026, 2, 4), 7],
]
SEEN = {
    "system": "crm",
    "columns": {"id": "external_id", "名前": "full_name", "seen": "captured_at", "n": "employees"},
}


def as_text(encoding: str) -> bytes:
    return "\r\n".join(",".join(f"{cell:g}" if cell == 1200 else str(cell) for cell in row) for row in TABLE).encode(
        encoding
    )


def test_the_same_table_changes_nothing_in_whatever_form_it_comes_again(take):
    take("leads", as_text("utf-8"), SEEN)
    before = list(Lead.objects.order_by("pk").values())

    again = [
        take("leads", raw, SEEN | extra)
        for raw, extra in [
            (as_text("cp932"), {}),
            (as_text("euc_jp"), {"encoding": "euc_jp"}),
            (as_text("utf-16-le"), {}),
            (workbooks.xlsx(S=TABLE), {}),
            (workbooks.xlsx(Notes=[["x"]], Leads=[["展示会"], [], *TABLE]), {"sheet": "Leads", "header_row": 3}),
            (workbooks.ods([[str(cell) if isinstance(cell, date) else cell for cell in row] for row in TABLE[:2]]), {}),
        ]
    ]

    assert [(result.unchanged, result.refused) for result in again] == [(2, [])] * 5 + [(1, [])]
    assert list(Lead.objects.order_by("pk").values()) == before


def test_a_refused_row_of_a_workbook_is_named_as_the_spreadsheet_counts(take):
    result = take("leads", workbooks.xlsx(S=[["Fair"], [], *TABLE, ["A3", "x", "soon"]]), SEEN)

    assert [remark.row for remark, _cells in result.refused] == [6]


def test_a_workbook_comes_in_from_the_command_line(db, kei, tmp_path):
    file, mapping = tmp_path / "leads.xlsx", tmp_path / "mapping.json"
    file.write_bytes(workbooks.xlsx(S=TABLE))
    mapping.write_text(json.dumps(SEEN))

    call_command("import_records", "leads", str(file), "--mapping", str(mapping), "--as", kei.email)

    assert sorted(Lead.objects.values_list("full_name", flat=True)) == ["田中 花子", "鈴木"]
