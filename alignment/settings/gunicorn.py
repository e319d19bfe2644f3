"""For gunicorn (``--config python:alignment.settings.gunicorn``): its processes count requests into one folder.

prometheus_client adds up what the files of that folder say, whichever process is asked. It looks for the folder's name
in the environment, and wants a file of its own for every process that runs at the same time.
"""

import os
import shutil
import tempfile
from itertools import count
from typing import Any

from prometheus_client import values

FOLDER = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="alignment-metrics-")


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker the lowest number that no living one has: whoever replaces it goes on with its file.

    By the process id, as the library does it by itself, every restarted worker would leave a file behind for ever.
    """
    taken = {other.number for other in server.WORKERS.values()}
    worker.number = next(number for number in count(1) if number not in taken)


def post_fork(server: Any, worker: Any) -> None:
    """In the new process: count into the file of its number."""
    values.ValueClass = values.MultiProcessValue(lambda: worker.number)


def on_exit(server: Any) -> None:
    """Leave nothing behind."""
    shutil.rmtree(FOLDER, ignore_errors=True)
