"""A file that is no table is refused at once, with what to do, and nothing is taken."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.management import CommandError, call_command

from alignment.kernel.errors import InvalidInput
from leads.management.commands import import_records
from leads.models import ImportJob, Lead
from leads.services.importing import run_import

MAPPING = {"system": "crm", "columns": {"id": "external_id", "name": "full_name"}}


def bomb() -> bytes:
    """A spreadsheet by its name: an archive of a megabyte that unpacks to a gigabyte."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    return packed.getvalue()


FILES = {
    "an archive": (bomb(), "no text file"),
    "a document": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "no text file"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "no text file"),
    "UTF-16 without its mark": ("id,name\nA,田中\n".encode("utf-16-le"), "Name the encoding: utf-16"),
    "one endless cell": (b'id,name\nA,"' + b"x" * 3_000_000, "field larger than field limit"),
    "one endless line": (b"x" * 3_000_000, "field larger than field limit"),
    "entities that multiply": (b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aa">]><l>&a;</l>', "no column “id”"),
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
    monkeypatch.setattr(import_records, "LARGEST", 10)
    file, mapping = tmp_path / "leads.csv", tmp_path / "mapping.json"
    file.write_text("id,name\nA,Hanako\n")
    mapping.write_text(json.dumps(MAPPING))

    with pytest.raises(CommandError, match="Split it"):
        call_command("import_records", "leads", str(file), "--mapping", str(mapping), "--as", kei.email)
