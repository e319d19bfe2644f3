"""A program of its own: writes one sheet of the workbook on its standard input as lines of JSON.

    python -I sheet_program.py '{"sheet": null, "longest_cell": 100, "longest_row": 1000}' < FILE

First a line that says what the workbook is (``format``, ``sheets``, ``sheet``, ``faulty``), then each row as a list of
texts. A workbook that cannot be read ends in ``{"refused": CODE, "words": {...}}``. The parser, and what it
reads, have bounded memory and time here and nothing of ours within reach: no database, no settings, no keys.
"""

from __future__ import annotations

import json
import os
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

MB = 1024 * 1024
_MEMORY = 2048 * MB
_SECONDS = 60
_MOST_ENTRIES = 10_000
_LONGEST_DIRECTORY = 4 * MB
_END_OF_ARCHIVE = struct.Struct("<4s4H2LH")
_LEAST_ALLOWED, _MOST_ALLOWED, _TIMES_ALLOWED = 64 * MB, 512 * MB, 100
"""What a workbook may unpack to: so many times its size, but in any case the least and never more than the most."""
_OLE = b"\xd0\xcf\x11\xe0"
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_FAULTY_CELL = re.compile(
    rb'<c r="([A-Z]{1,3}\d{1,7})"[^>]{0,100} t="e"[^>]{0,100}>'
    rb"(?:<f[^>]{0,200}/>|<f[^>]{0,200}>[^<]{0,9000}</f>)?<v>([^<]{1,20})"
)
_MOST_TOLD = 20
_CARRIED = 10_000
"""Bytes of a piece that are looked at again with the next one, so that no cell is cut in two."""


class Refused(Exception):
    """The workbook cannot be read; the arguments are a code and words for the sentence."""


def main() -> None:
    _bound()
    wanted = json.loads(sys.argv[1])
    try:
        # Opened anew, so that reading moves nobody else's place in the file.
        with Path("/dev/stdin").open("rb") as file:
            for line in _lines(file, **wanted):
                _write(line)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever asked has seen enough
        os._exit(0)  # without flushing what nobody reads
    except MemoryError:
        _write({"refused": "too_much", "words": {}})
    except Refused as refused:
        code, words = refused.args
        _write({"refused": code, "words": words})


def _bound() -> None:
    """Take no more of the machine than this, whatever the file says."""
    for kind, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, _SECONDS)):
        _soft, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, hard))


def _write(line: Any) -> None:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(text.encode("utf-8", errors="surrogatepass") + b"\n")


def _lines(file: BinaryIO, *, sheet: str | None, longest_cell: int, longest_row: int) -> Iterator[Any]:
    form, faulty, parts = "xls", {}, {}
    if file.read(len(_OLE)) != _OLE:
        archive = _archive(file)
        form = _form(archive)
        faulty = _checked(archive, size=file.seek(0, 2))
        parts = _parts(archive) if form == "xlsx" else {}
    workbook = _workbook(file)
    names, shown = _sheets(workbook)
    chosen = sheet or shown[0]
    if chosen not in names:
        raise Refused("no_sheet", {"name": chosen, "names": ", ".join(shown)[:300]})
    yield {"format": form, "sheets": shown, "sheet": chosen, "faulty": faulty.get(parts.get(chosen, ""), [])}
    for number, row in enumerate(_rows(workbook, chosen), start=1):
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells and len(max(cells, key=len)) > longest_cell:
            raise Refused("long_cell", {"row": number, "max": longest_cell})
        if sum(map(len, cells)) > longest_row:
            raise Refused("long_row", {"row": number})
        yield cells


def _archive(file: BinaryIO) -> zipfile.ZipFile:
    """The archive, once its own directory is known to be of a size that can be read."""
    end = file.seek(0, 2)
    file.seek(max(0, end - 65_557))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END_OF_ARCHIVE.size:
        raise Refused("damaged", {})
    *_start, entries, length, _offset, _comment = _END_OF_ARCHIVE.unpack_from(tail, place)
    if entries > _MOST_ENTRIES or length > _LONGEST_DIRECTORY:
        raise Refused("too_many_entries", {"max": _MOST_ENTRIES})
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise Refused("damaged", {}) from error


def _form(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "mimetype" in names and "content.xml" in names:
        with archive.open("mimetype") as entry:
            if entry.read(100).strip() == _OPEN_DOCUMENT:
                return "ods"
    raise Refused("no_workbook", {})


def _checked(archive: zipfile.ZipFile, *, size: int) -> dict[str, list[list[str]]]:
    """Unpack everything once, because headers lie about lengths; for each part the cells with an error that came by."""
    allowed = min(_MOST_ALLOWED, max(_LEAST_ALLOWED, _TIMES_ALLOWED * size))
    faulty: dict[str, dict[str, str]] = {}
    try:
        for entry in archive.infolist():
            before = b""
            for piece in _pieces(archive, entry):
                allowed -= len(piece)
                if allowed < 0:
                    raise Refused("unpacks", {"times": _TIMES_ALLOWED})
                if b"<!DOCTYPE" in piece:  # none of these formats has one, and what it declares can multiply
                    raise Refused("damaged", {})
                whole = before + piece
                if b't="e"' in whole:
                    faulty.setdefault(entry.filename, {}).update(_faulty_cells(whole))
                before = whole[-_CARRIED:]
    except RuntimeError as error:  # what zipfile raises where a password is needed
        raise Refused("password", {}) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise Refused("damaged", {}) from error
    return {part: [list(cell) for cell in cells.items()][:_MOST_TOLD] for part, cells in faulty.items()}


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    entry.file_size = _MOST_ALLOWED + MB  # else zipfile stops where the header says, and other readers do not
    with archive.open(entry) as part:
        while piece := part.read(MB):
            yield piece


def _faulty_cells(xml: bytes) -> dict[str, str]:
    found = islice(_FAULTY_CELL.finditer(xml), _MOST_TOLD)
    return {cell[1].decode(): cell[2].decode("utf-8", errors="replace") for cell in found}


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Where in the archive each sheet lies, by its name."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 (no DOCTYPE, bounded memory)
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except (ElementTree.ParseError, KeyError) as error:
        raise Refused("damaged", {}) from error
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    sheets = book.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet")
    found = {sheet.get("name", ""): targets.get(sheet.get(_LINK), "") for sheet in sheets}
    return {name: target[1:] if target.startswith("/") else f"xl/{target}" for name, target in found.items()}


def _workbook(file: BinaryIO) -> CalamineWorkbook:
    file.seek(0)
    try:
        return CalamineWorkbook.from_filelike(file)
    except PasswordError as error:
        raise Refused("password", {}) from error
    except MemoryError:
        raise
    except BaseException as error:  # a panic of the parser is no Exception
        raise Refused("damaged", {}) from error


def _sheets(workbook: CalamineWorkbook) -> tuple[list[str], list[str]]:
    """The names of all sheets with rows (not those of charts and macros), and of those that are shown."""
    sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    names = [each.name for each in sheets]
    if not names:
        raise Refused("damaged", {})
    return names, [each.name for each in sheets if each.visible == SheetVisibleEnum.Visible] or names


def _rows(workbook: CalamineWorkbook, sheet: str) -> Iterator[list[Any]]:
    try:
        yield from workbook.get_sheet_by_name(sheet).iter_rows()
    except (MemoryError, GeneratorExit):
        raise
    except BaseException as error:
        raise Refused("damaged", {}) from error


def _text(value: Any) -> str:
    """A cell as a text: dates as ISO, 2000.0 as 2000, other numbers as a spreadsheet shows them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return value.isoformat() if isinstance(value, date | time) else str(value)


if __name__ == "__main__":
    main()
