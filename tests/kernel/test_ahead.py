"""What another process makes ahead arrives here as if it were made here, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import billiard
import pytest

from alignment.kernel.ahead import Died, made_ahead
from alignment.kernel.errors import InvalidInput


def numbers(folder: Path, *, most: int) -> Iterator[int]:
    for number in range(most):
        (folder / str(number)).write_text(str(os.getpid()))
        yield number


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_pieces_come_in_their_order_from_another_process(tmp_path: Path) -> None:
    with made_ahead(numbers(tmp_path, most=5)) as pieces:
        assert list(pieces) == [0, 1, 2, 3, 4]

    assert {path.read_text() for path in tmp_path.iterdir()} != {str(os.getpid())}


def test_the_next_is_made_while_the_last_is_in_use(tmp_path: Path) -> None:
    with made_ahead(numbers(tmp_path, most=5)) as pieces:
        next(pieces)

        wait_for(tmp_path / "1")


def test_what_making_raises_is_raised_here_in_its_place(tmp_path: Path) -> None:
    def faulty() -> Iterator[int]:
        yield 1
        raise InvalidInput("Row 2 is none.", field="file")

    with made_ahead(faulty()) as pieces:
        assert next(pieces) == 1
        with pytest.raises(InvalidInput, match="Row 2 is none") as fault:
            next(pieces)

    assert (fault.value.field, str(fault.value.message)) == ("file", "Row 2 is none.")


def test_one_that_is_killed_is_no_end_of_the_pieces(tmp_path: Path) -> None:
    def killed() -> Iterator[int]:
        yield 1
        os.kill(os.getpid(), signal.SIGKILL)

    with made_ahead(killed()) as pieces:
        assert next(pieces) == 1
        with pytest.raises(Died):
            next(pieces)


def test_nothing_goes_on_when_nobody_wants_more(tmp_path: Path) -> None:
    with made_ahead(numbers(tmp_path, most=1_000_000)) as pieces:
        next(pieces)
        wait_for(tmp_path / "1")

    assert not is_running(int((tmp_path / "1").read_text()))


def made_in_a_worker() -> list[int]:
    with made_ahead(iter([1, 2, 3])) as pieces:
        return list(pieces)


def test_a_worker_of_celery_may_have_one() -> None:
    with billiard.Pool(1) as workers:
        assert workers.apply(made_in_a_worker) == [1, 2, 3]


MAKER = """
import os, time
from alignment.kernel.ahead import made_ahead

def pids():
    yield os.getpid()
    time.sleep(60)  # in the middle of the next

with made_ahead(pids()) as pieces:
    print(next(pieces), flush=True)
    time.sleep(60)
"""


def test_it_ends_with_the_process_that_it_works_for() -> None:
    worker = subprocess.Popen([sys.executable, "-c", MAKER], stdout=subprocess.PIPE, text=True)
    assert worker.stdout
    maker = int(worker.stdout.readline())
    assert is_running(maker)

    worker.kill()
    worker.wait()

    deadline = time.monotonic() + 10
    while is_running(maker):
        assert time.monotonic() < deadline
        time.sleep(0.01)
