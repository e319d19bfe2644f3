"""How a file is read: said by a person in part (``Given``), settled in full (``Reading``)."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput

Binary = io.BufferedReader | io.BufferedRandom | io.BytesIO
Format = Literal["text", "xlsx", "xls", "ods"]
Certainty = Literal["certain", "likely", "ask"]
"""How sure a part of a reading is; ``ask``: something else fits as well."""
FORMATS = ("text", "xlsx", "xls", "ods")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp")
_MOST_ROWS = 10_000_000


@dataclass(frozen=True)
class Given:
    """What a person says of a file; None where that is left to us."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None

    KEYS = ("encoding", "delimiter", "sheet", "header_row")

    @classmethod
    def from_json(cls, tree: dict[str, Any], *, path: str = "") -> Given:
        """The parts that stand in ``tree``. Raises ``InvalidInput`` that names the one at fault below ``path``."""
        return cls(
            encoding=_encoding(tree.get("encoding"), path),
            delimiter=_delimiter(tree.get("delimiter"), path),
            sheet=_sheet(tree.get("sheet"), path),
            header_row=_header_row(tree.get("header_row"), path),
        )


@dataclass(frozen=True)
class Reading:
    """How to read a file. A text has ``encoding`` and ``delimiter``, a workbook has ``sheet``.

    ``header_row`` counts from 1 as a spreadsheet does; what stands above is skipped.
    """

    format: Format
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    header_row: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, tree: Any, *, path: str = "") -> Reading:
        """What ``as_json`` gave. Raises ``InvalidInput`` that names the part at fault below ``path``."""
        if not isinstance(tree, dict):
            raise InvalidInput(_("This is not an object."), field=path.rstrip("."))
        _refuse_others(tree, ("format", *Given.KEYS), path)
        if tree.get("format") not in FORMATS:
            message = _("Use one of these formats: %(names)s.") % {"names": ", ".join(FORMATS)}
            raise InvalidInput(message, field=f"{path}format")
        wanted = ("encoding", "delimiter") if tree["format"] == "text" else ("sheet",)
        for key in ("header_row", *wanted):
            if tree.get(key) is None:
                raise InvalidInput(_("“%(key)s” is missing.") % {"key": key}, field=f"{path}{key}")
        said = {key: tree[key] for key in ("header_row", *wanted)}
        return cls(format=tree["format"], **asdict(Given.from_json(said, path=path)))


def _refuse_others(tree: dict[Any, Any], known: Collection[str], path: str) -> None:
    for key in sorted(str(key)[:50] for key in tree.keys() - set(known)):
        message = _("“%(key)s” does not belong here. Known are: %(known)s.")
        raise InvalidInput(message % {"key": key, "known": ", ".join(known)}, field=f"{path}{key}")


def _encoding(given: Any, path: str) -> str | None:
    if given is not None and given not in ENCODINGS:
        message = _("Use one of these encodings: %(names)s.") % {"names": ", ".join(ENCODINGS)}
        raise InvalidInput(message, field=f"{path}encoding")
    return given


def _delimiter(given: Any, path: str) -> str | None:
    if given is not None and (not isinstance(given, str) or len(given) != 1 or given in '"\r\n\x00 '):
        message = _("“delimiter” is the one character between two cells, such as a comma, a semicolon or a tab.")
        raise InvalidInput(message, field=f"{path}delimiter")
    return given


def _sheet(given: Any, path: str) -> str | None:
    if given is not None and (not isinstance(given, str) or not given):
        raise InvalidInput(_("“sheet” is the name of a sheet of the file."), field=f"{path}sheet")
    return given


def _header_row(given: Any, path: str) -> int | None:
    if given is not None and (type(given) is not int or not 1 <= given <= _MOST_ROWS):
        message = _("“header_row” is the number of the row with the names of the columns, counted from 1.")
        raise InvalidInput(message, field=f"{path}header_row")
    return given
