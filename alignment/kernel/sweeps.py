"""What a tick finds to do: one at a time, and the failure of one does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)

Item = TypeVar("Item")


def each(items: Iterable[Item], act: Callable[[Item], bool], *, what: str) -> int:
    """Do ``act`` for every item, each in a transaction of its own; returns how many it was done for (answered True).

    An item that raises is logged as ``what`` and left for the next tick.
    """
    done = 0
    for item in items:
        try:
            done += act(item)
        except Exception:  # whatever it is, the next one may be fine
            log.exception("sweep_failed", what=what, item=str(item))
    return done
