"""How a file is read, as a person sees it and may say otherwise: its characters, separator, sheet and header."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.kernel import tables

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 (BOM)",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp932": "Shift_JIS (CP932)",
    "euc_jp": "EUC-JP",
}
"""How people call the encodings."""
DELIMITERS: dict[str, str | Promise] = {
    ",": gettext_lazy("Comma"),
    "\t": gettext_lazy("Tab"),
    ";": gettext_lazy("Semicolon"),
    "|": gettext_lazy("Vertical bar"),
}
_CERTAINTY = {
    "certain": gettext_lazy("certain"),
    "likely": gettext_lazy("probably"),
    "ask": gettext_lazy("please look: something else fits as well"),
}
_SHOWN = 60


def fields(understanding: tables.Understanding) -> dict[str, forms.Field]:
    """A choice for each part of the reading that this file has; what is left open is recognised."""
    how = understanding.reading
    found: dict[str, forms.Field] = {}
    if how.encoding:
        found["encoding"] = forms.ChoiceField(label=_("Characters are written in"), choices=list(ENCODINGS.items()))
    if how.delimiter:
        known = DELIMITERS if how.delimiter in DELIMITERS else DELIMITERS | {how.delimiter: how.delimiter}
        found["delimiter"] = _choice(_("Separator between two cells"), list(known.items()))
    if len(understanding.sheets) > 1:
        found["sheet"] = forms.ChoiceField(label=_("Sheet"), choices=[(s, s) for s in understanding.sheets])
        found["sheet_was"] = forms.CharField(widget=forms.HiddenInput, required=False)
    rows = dict(understanding.first_rows)
    rows.setdefault(how.header_row, ())
    found["header_row"] = _choice(
        _("Row with the names of the columns"), [(number, _row(number, rows[number])) for number in sorted(rows)]
    )
    return found


def initial(understanding: tables.Understanding) -> dict[str, Any]:
    """The reading as it stands, for these choices."""
    how = understanding.reading
    return {key: getattr(how, key) for key in tables.Given.KEYS} | {"sheet_was": how.sheet}


def chosen(cleaned: dict[str, Any]) -> dict[str, Any]:
    """What a mapping says of the reading."""
    said = {key: cleaned[key] for key in tables.Given.KEYS if cleaned.get(key)}
    return said | ({"header_row": int(said["header_row"])} if "header_row" in said else {})


def facts(understanding: tables.Understanding, *, columns: int) -> list[dict[str, Any]]:
    """How the file was read, part by part, with how sure that is."""
    how = understanding.reading
    names = {"text": _("Text"), "xlsx": "XLSX", "xls": "XLS", "ods": "ODS"}
    found: list[dict[str, Any]] = [{"name": _("Kind of file"), "value": names[how.format]}]
    if how.encoding:
        found.append(_fact(understanding, "encoding", _("Characters"), ENCODINGS[how.encoding]))
    if how.delimiter:
        found.append(_fact(understanding, "delimiter", _("Separator"), DELIMITERS.get(how.delimiter, how.delimiter)))
    if how.sheet:
        found.append(_fact(understanding, "sheet", _("Sheet"), how.sheet))
    row = _("row %(row)d") % {"row": how.header_row}
    found.append(_fact(understanding, "header_row", _("Names of the columns"), row))
    found.append({"name": _("Columns"), "value": columns})
    return found


def has_doubt(understanding: tables.Understanding) -> bool:
    """Whether a person should look at how the file was read."""
    return any(part.certainty == "ask" for part in understanding.parts.values())


def _fact(understanding: tables.Understanding, key: str, name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "note": _CERTAINTY[understanding.parts[key].certainty]}


def _choice(label: str, choices: list[tuple[Any, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", _("Recognise it")), *choices], required=False)


def _row(number: int, cells: tuple[str, ...]) -> str:
    """A row in one line: where it stands and how it begins."""
    text = " · ".join(cell.strip() for cell in cells if cell.strip())
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return _("Row %(row)d: %(cells)s") % {"row": number, "cells": shown}
