"""Rows of a sheet of an XLSX, XLS or ODS workbook, parsed in a process of its own with bounded memory and time."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables.limits import LONGEST_CELL, LONGEST_ROW, too_long
from alignment.kernel.tables.reading import Binary, Format

_PROGRAM = Path(__file__).with_name("sheet_program.py")
_LONGEST_LINE = 8 * LONGEST_ROW
"""In bytes: a character has up to four, or two where JSON escapes it; more than that is no answer of ours."""
_TOO_MUCH = (-signal.SIGABRT, -signal.SIGXCPU, -signal.SIGKILL)
"""How the process ends where its memory or its time is used up."""


@dataclass(frozen=True)
class Workbook:
    """What a workbook says of itself. ``faulty`` are cells of the sheet with an error, each with its place and text."""

    format: Format
    sheets: tuple[str, ...]
    sheet: str
    faulty: tuple[tuple[str, str], ...]


@contextmanager
def opened(file: Binary, *, sheet: str | None) -> Iterator[tuple[Workbook, Iterator[list[str]]]]:
    """The workbook and the rows of one sheet (the first unless named), from row 1, without blanks at their ends.

    The file stays open and where it was. Raises ``InvalidInput`` for what cannot be read, also half-way.
    """
    limits = {"longest_cell": LONGEST_CELL, "longest_row": LONGEST_ROW}
    command = [sys.executable, "-I", str(_PROGRAM), json.dumps({"sheet": sheet, **limits})]
    with _in_the_file_system(file) as source:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            command, stdin=source, stdout=subprocess.PIPE, env=_environment()
        )
    with process:
        try:
            lines = _lines(process)
            about = next(lines)
            faulty = tuple((place, text) for place, text in about.pop("faulty"))
            yield Workbook(about["format"], tuple(about["sheets"]), about["sheet"], faulty), lines
        finally:
            process.kill()


def _environment() -> dict[str, str]:
    """Nothing but what a Python outside the usual places needs to start: above all no keys."""
    names = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {"RUST_BACKTRACE": "0"} | {name: os.environ[name] for name in names if name in os.environ}


@contextmanager
def _in_the_file_system(file: Binary) -> Iterator[IO[bytes]]:
    try:
        file.fileno()
    except io.UnsupportedOperation:  # it is in memory
        with tempfile.TemporaryFile() as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy)
            copy.flush()
            yield copy
    else:
        yield file


def _lines(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    assert process.stdout is not None
    while (line := process.stdout.readline(_LONGEST_LINE)).endswith(b"\n"):
        said = json.loads(line)
        if isinstance(said, dict) and "refused" in said:
            raise refusal(said["refused"], said["words"])
        yield said
    if line:
        raise refusal("damaged", {})
    if (code := process.wait()) > 0:
        raise RuntimeError(f"{_PROGRAM.name} ended with {code}")
    if code:
        raise refusal("too_much" if code in _TOO_MUCH else "damaged", {})


def refusal(code: str, words: dict[str, Any]) -> InvalidInput:
    """What is said of a workbook that cannot be read, by the word of the program that parses it."""
    if code == "long_row":
        return too_long(words["row"])
    if code == "no_sheet":
        return InvalidInput(_("The file has no sheet “%(name)s”. It has: %(names)s.") % words, field="sheet")
    messages = {
        "password": _("The file is protected by a password. Save it without one and try again."),
        "no_workbook": _("This is an archive and no spreadsheet. Unpack it and bring the table that is in it."),
        "too_many_entries": _("This is no spreadsheet: the archive has more than %(max)d files in it."),
        "unpacks": _("The file unpacks to more than %(times)d times its size, which no spreadsheet does."),
        "long_cell": _("A cell of row %(row)d is longer than %(max)d characters, which no table needs."),
        "too_much": _(
            "The sheet has more cells than can be read here. Delete rows and columns that are empty but formatted, or "
            "save it as CSV."
        ),
        "damaged": _("The spreadsheet is damaged. Open it in the program that made it, save it anew and try again."),
    }
    return InvalidInput(messages[code] % words, field="file")
