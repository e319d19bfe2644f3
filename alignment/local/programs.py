"""The programs that make up the running application, and their command lines."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alignment.local.processes import LOOPBACK

PYTHON = sys.executable
MANAGE = (PYTHON, "manage.py")
CELERY = (PYTHON, "-m", "celery", "--quiet", "-A", "alignment")
QUEUES = "notice,import,report,default"
GUNICORN_CONFIG = "python:alignment.settings.gunicorn"


@dataclass(frozen=True)
class Program:
    """A process of the application; its name is also that of its log file."""

    name: str
    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)


def programs(port: int, folder: Path) -> list[Program]:
    """Return what runs, in the order in which it starts; it stops in the opposite order."""
    return [web(port), worker(), beat(folder / "beat-schedule")]


def web(port: int) -> Program:
    """Return the web server: threads, because a request mostly waits for PostgreSQL."""
    address = [
        "--bind",
        f"{LOOPBACK}:{port}",
        "--worker-class",
        "gthread",
        "--workers",
        "2",
        "--threads",
        "8",
    ]
    limits = ["--timeout", "60", "--graceful-timeout", "10", "--no-control-socket", "--config", GUNICORN_CONFIG]
    return Program("web", [PYTHON, "-m", "gunicorn", "alignment.wsgi:application", *address, *limits])


def worker() -> Program:
    """Return the Celery worker for all queues; production gives each queue its own (docker-compose.yml)."""
    options = [
        "-Q",
        QUEUES,
        "--concurrency",
        "3",  # two imports at a time leave one free
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "INFO",
    ]
    return Program("worker", [*CELERY, "worker", *options], {"IS_WORKER": "1"})


def beat(schedule: Path) -> Program:
    """Return Celery beat, which only ticks."""
    options = ["-S", "alignment.health.beat:HeartbeatScheduler", "--schedule", str(schedule), "--pidfile="]
    return Program("beat", [*CELERY, "beat", *options, "--loglevel", "WARNING"])
