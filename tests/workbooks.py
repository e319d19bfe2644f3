"""Makes workbooks for tests, as programs write them and as nobody should."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter

_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def xlsx(**sheets: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with these sheets; dates are dates in it and a text is never a formula."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, {**options, "default_date_format": "yyyy/m/d"}) as book:
        hours = book.add_format({"num_format": "[h]:mm:ss"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(number, place, value)
                    else:
                        sheet.write(number, place, value, *([hours] if isinstance(value, timedelta) else []))
    return out.getvalue()


def xlsx_of_cells(cells: Mapping[str, Any], *, hidden: Sequence[str] = ()) -> bytes:
    """A workbook whose sheet S has these cells by their place (``B5``; a text beginning with ``=#`` is an error)."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("S")
        for place, value in cells.items():
            if isinstance(value, str) and value.startswith("=#"):
                sheet.write_formula(place, "=NA()", value=value[1:])
            else:
                sheet.write(place, value)
        for name in hidden:
            book.add_worksheet(name).hide()
    return out.getvalue()


def ods(rows: Iterable[Sequence[str | float]], *, sheet: str = "S") -> bytes:
    """An OpenDocument workbook with one sheet."""
    body = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="{sheet}">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0"?><manifest:manifest'
        ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/></manifest:manifest>'
    )
    return archive({"mimetype": _ODS, "META-INF/manifest.xml": manifest, "content.xml": content})


def archive(entries: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return out.getvalue()


def replaced(workbook: bytes, entries: Mapping[str, str | bytes]) -> bytes:
    """The workbook with other contents in some of its entries."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as packed:
        return archive({name: packed.read(name) for name in packed.namelist()} | entries)


def _ods_cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
