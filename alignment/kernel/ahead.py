"""Makes things one after the other in another process, so that a second core makes the next while one is in use."""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Piece = TypeVar("Piece")
_SELDOM = 100_000
_FORK = multiprocessing.get_context("fork")


class Died(Exception):
    """The other process was killed half-way."""


@contextmanager
def made_ahead(pieces: Iterator[Piece]) -> Iterator[Iterator[Piece]]:
    """The same pieces, made by a fork of this process: at most one is made and waits while the last is in use here.

    What makes them sees all that was here at the beginning and may use no connection to a database. What it raises is
    raised here in its place; ``Died`` where it was killed. The fork ends with the block, and with this process.
    """
    ours, theirs = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_make, args=(pieces, ours, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _received(ours)
    finally:
        ours.close()
        process.kill()
        process.join()


def _received(ours: Connection) -> Generator[Any, None, None]:
    while True:
        try:
            piece, is_last, error = _loaded(ours.recv_bytes())
        except EOFError:
            raise Died from None
        if error is not None:
            raise error
        if is_last:
            return
        yield piece


def _loaded(sent: bytes) -> Any:
    """What was sent. Searched for cycles, while it grows, it takes four times as long to load, and it has none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return pickle.loads(sent)  # noqa: S301 - from our own fork
    finally:
        if was_on:
            gc.enable()


def _make(pieces: Iterator[Any], ours: Connection, theirs: Connection) -> None:
    """Runs in the fork; ends when nobody receives any more."""
    ours.close()  # else it would never learn that nobody does
    gc.freeze()  # what the two have in common is not copied by looking through it
    gc.set_threshold(_SELDOM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(BrokenPipeError):
        try:
            for piece in pieces:
                _send(theirs, piece=piece)
        except BrokenPipeError:
            raise
        except Exception as error:
            error.add_note(traceback.format_exc())
            _send(theirs, error=error)
        else:
            _send(theirs, is_last=True)


def _send(theirs: Connection, *, piece: Any = None, is_last: bool = False, error: Exception | None = None) -> None:
    theirs.send_bytes(pickle.dumps((piece, is_last, error), protocol=pickle.HIGHEST_PROTOCOL))
