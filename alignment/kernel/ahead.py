"""Makes things one after the other in another process, so that a second core makes the next while one is in use."""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NoReturn, TypeVar

Piece = TypeVar("Piece")
_SELDOM = 100_000
_PR_SET_PDEATHSIG = 1


class Died(Exception):
    """The other process was killed half-way."""


@contextmanager
def made_ahead(pieces: Iterator[Piece]) -> Iterator[Iterator[Piece]]:
    """The same pieces, made by a fork of this process: at most one is made and waits while the last is in use here.

    What makes them sees all that was here at the beginning and may use no connection to a database. What it raises is
    raised here in its place; ``Died`` where it was killed. The fork ends with the block, and with this process.

    It is a bare fork, as ``multiprocessing`` lets a worker of Celery have no processes of its own.
    """
    ours, theirs = Pipe(duplex=False)
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        _run(pieces, ours, theirs, parent=parent)
    theirs.close()
    try:
        yield _received(ours)
    finally:
        ours.close()
        os.kill(pid, signal.SIGKILL)  # not waited for yet, so the number is still its own
        os.waitpid(pid, 0)


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


def _run(pieces: Iterator[Any], ours: Connection, theirs: Connection, *, parent: int) -> NoReturn:
    """The whole life of the fork: it never returns to what its parent was doing."""
    try:
        _end_with(parent)
        ours.close()  # else it would never learn that nobody receives
        gc.freeze()  # what the two have in common is not copied by looking through it
        gc.set_threshold(_SELDOM)
        _make(pieces, theirs)
    finally:
        os._exit(0)  # nothing is tidied up twice: files, connections and what waits at the exit are the parent's


def _end_with(parent: int) -> None:
    """Die as soon as the parent does, also in the middle of a piece: its connections are open as long as ours are.

    Where the system cannot do that (not Linux), the next piece finds that nobody receives it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _make(pieces: Iterator[Any], theirs: Connection) -> None:
    """Send what is made, and at last that it was the last, until nobody receives any more."""
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
