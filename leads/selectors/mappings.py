"""How the columns of a file may be set up: as somebody saved it, as a tool names them, or by names and values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from leads.models import SavedMapping
from leads.rules import presets
from leads.rules.presets import Preset

NOTHING = "none"
"""By names and values alone."""


def saved() -> QuerySet[SavedMapping]:
    """All that were saved, the one used last first."""
    return SavedMapping.objects.select_related("by").order_by("-used_at", "-pk")


def shape(headers: Sequence[str]) -> str:
    """The same for files with the same columns in the same order."""
    names = [header.strip() for header in headers]
    while names and not names[-1]:
        names.pop()
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


@dataclass(frozen=True)
class Likeness:
    """What a file is set up like. ``key`` names it among the ``choices``: a saved mapping, a preset, or neither."""

    key: str = NOTHING
    saved: SavedMapping | None = None
    preset: Preset | None = None
    choices: list[SavedMapping | Preset] = field(default_factory=list)

    @property
    def mapping(self) -> dict[str, Any]:
        """What was saved; empty for anything else."""
        return self.saved.mapping if self.saved else {}


def likeness(headers: Sequence[str], *, kind: str, asked: str = "") -> Likeness:
    """What was ``asked`` for or, without that, what fits: what was saved for the same columns and used last, or the
    tool that names its columns so. Saved mappings whose columns the file lacks are no choice."""
    fitting = [one for one in saved().filter(kind=kind) if set(one.mapping["columns"]) <= set(headers)]
    choices: list[SavedMapping | Preset] = [*fitting, *presets.of_kind(kind)]
    found = {key_of(one): one for one in choices}
    if asked == NOTHING:
        return Likeness(choices=choices)
    chosen = found.get(asked)
    if chosen is None:
        same = shape(headers)
        chosen = next((one for one in fitting if one.shape == same), None) or presets.find(headers, kind=kind)
    return Likeness(
        key=key_of(chosen) if chosen else NOTHING,
        saved=chosen if isinstance(chosen, SavedMapping) else None,
        preset=chosen if isinstance(chosen, Preset) else None,
        choices=choices,
    )


def key_of(one: SavedMapping | Preset) -> str:
    """How a choice is named in a form."""
    return f"saved:{one.pk}" if isinstance(one, SavedMapping) else f"tool:{one.key}"
