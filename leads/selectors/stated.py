"""Conditions that apps above state: what one of them names is in use here, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stated:
    """A condition as JSON, what people call that which states it, and whether something goes by it now."""

    name: str
    condition: Any
    is_binding: bool


Source = Callable[[], Iterable[Stated]]
_SOURCES: list[Source] = []


def states_conditions(source: Source) -> Source:
    """Decorator: ask this too whenever somebody wants to know what is in use."""
    _SOURCES.append(source)
    return source


def conditions() -> list[Stated]:
    """All that are stated (one query for each source)."""
    return [stated for source in _SOURCES for stated in source()]
