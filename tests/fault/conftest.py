"""Every test here works on real processes of its own and is marked ``fault``."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alignment.local import processes
from tests.conftest import MEASURED
from tests.fault import sabotage, world
from tests.fault.stack import PROJECT, Servers, Stack, django_at, private_servers
from tests.fault.world import World

HERE = Path(__file__).parent
EMPTY = "alignment"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.fault)


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a line with figures for the summary at the end."""
    return lambda text: record_property(MEASURED, text)


@pytest.fixture(scope="session")
def own_servers() -> Iterator[Servers]:
    """PostgreSQL with an empty, migrated database, and Redis."""
    with private_servers() as own:
        prepare(own)
        yield own


def prepare(own: Servers) -> None:
    """Make the database that every test gets a copy of."""
    stack = Stack(own, EMPTY, Path(tempfile.mkdtemp(dir=own.folder)))
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"],
        cwd=PROJECT,
        env=stack.environment(**stack.as_owner()),
        check=True,
    )


@pytest.fixture
def stack(own_servers: Servers, django_db_blocker, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The application, not started yet, on a fresh database; this process works on the same one."""
    own_servers.start()
    own_servers.redis().flushall()
    name = f"fault_{abs(hash(request.node.nodeid)):x}"
    own_servers.execute(f"CREATE DATABASE {name} TEMPLATE {EMPTY}")
    folder = Path(tempfile.mkdtemp(dir=own_servers.folder))
    stack = Stack(own_servers, name, folder)
    with django_db_blocker.unblock(), django_at(own_servers.database_url(name), own_servers.running["Redis"].url):
        sabotage.remove_from_database()
        try:
            yield stack
        finally:
            stack.end_all()
    own_servers.start()
    own_servers.execute(f"DROP DATABASE {name} WITH (FORCE)")
    shutil.rmtree(folder)


@pytest.fixture
def people(stack: Stack) -> World:
    """The people, the definition and the rule."""
    return world.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the last words of the processes to a failure: their logs go with the test."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.when == "call" and report.failed and stack:
        for log in sorted(stack.folder.glob("*.log")):
            lines = [line[:300] for line in processes.last_lines(log, 25).splitlines()]
            report.sections.append((log.name, "\n".join(lines)))
    return report
