"""The backup that the README describes is really taken and restored, with the programs that it names."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import yaml
from django.db import connections

from alignment.local.servers import PROJECT
from tests import everything as worlds
from tests import factories
from tests.everything import ADMIN, MARKETER, MARKETING_MANAGER, OUTSIDER, REP, SALES_MANAGER
from tests.fault.stack import Stack
from tests.test_history import HISTORY

README = (PROJECT / "README.md").read_text()
COMMANDS = re.findall(r'^    ("\$BIN"/.*)$', README, re.MULTILINE)
BIN = re.search(r"BIN=.*$", README, re.MULTILINE)[0]


@pytest.fixture
def full(stack: Stack) -> Stack:
    """A database with one of everything."""
    team, other = factories.team(name="Field sales"), factories.team(name="Inside sales")
    worlds.make(
        {
            MARKETER: factories.user("mai", role="marketer", side="marketing"),
            REP: factories.user("ren", role="sales_rep", side="sales", team=team),
            OUTSIDER: factories.user("rei", role="sales_rep", side="sales", team=other),
            MARKETING_MANAGER: factories.user("aoi", role="manager", side="marketing"),
            SALES_MANAGER: factories.user("sora", role="manager", side="sales"),
            ADMIN: factories.user("kei", role="admin", side=""),
        }
    )
    return stack


@pytest.fixture(autouse=True)
def _clean(own_servers) -> Iterator[None]:
    yield
    own_servers.execute("DROP DATABASE IF EXISTS restored WITH (FORCE)", "DROP DATABASE IF EXISTS before WITH (FORCE)")


def run(stack: Stack, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of the README in a folder of its own, for the database of the test."""
    named = command.replace("alignment RENAME", f"{stack.database} RENAME").replace("alignment'", f"{stack.database}'")
    programs = BIN.replace("$(echo ", '$(echo "$PWD"/')
    script = f'cd "{PROJECT}"; {programs}; cd "{folder}"; {named}'
    variables = {"PATH": os.environ["PATH"], "DATABASE_URL": stack.servers.database_url(stack.database)}
    return subprocess.run(["sh", "-ec", script], env=variables, capture_output=True, text=True, check=False)


def ask(stack: Stack, database: str, statement: str, *, is_application: bool = False) -> list[tuple]:
    address = stack.servers.application_url if is_application else stack.servers.database_url
    with closing(psycopg2.connect(address(database))) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def contents(stack: Stack, database: str) -> dict[str, tuple]:
    """The number of rows and a hash of every table, and where every sequence stands."""
    tables = ask(stack, database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    hashed = "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {} t"
    found = {name: ask(stack, database, hashed.format(name))[0] for (name,) in tables}
    sequences = ask(stack, database, "SELECT sequencename, last_value FROM pg_sequences")
    return found | {name: (value,) for name, value in sequences}


def guards(stack: Stack, database: str) -> list[tuple]:
    return ask(
        stack, database, "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
    )


def test_what_was_dumped_is_restored_row_for_row_and_guards_itself(full, tmp_path, measured):
    before, guarded = contents(full, full.database), guards(full, full.database)
    assert len(COMMANDS) == 4
    connections.close_all()  # a database that is in use can't be renamed

    for command in COMMANDS:
        done = run(full, command, tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stderr}"

    after = contents(full, full.database)
    rows = sum(counted[0] for name, counted in before.items() if len(counted) == 2)
    measured(f"{len(before)} tables and sequences with {rows} rows and {len(guarded)} triggers came back equal")
    assert {name for name in before if before[name] != after.get(name)} == set()
    assert after.keys() == before.keys()
    assert guards(full, full.database) == guarded
    assert contents(full, "before") == before
    filled = {model._meta.db_table: model._meta.pk.column for model in HISTORY if after[model._meta.db_table][0]}
    assert len(filled) > 5
    for table, key in filled.items():
        for statement in (f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(psycopg2.Error, match="pgtrigger: Cannot"):
                ask(full, full.database, statement)
    with pytest.raises(psycopg2.Error, match="permission denied"):  # what may be done is no part of a backup
        ask(full, full.database, "SELECT * FROM leads_lead", is_application=True)
    migrated = full.run("migrate", "--no-input", **full.as_owner())
    assert migrated.wait(60) == 0
    assert ask(full, full.database, "SELECT count(*) FROM leads_lead", is_application=True)[0][0]
    with pytest.raises(psycopg2.Error, match="permission denied"):
        ask(full, full.database, "UPDATE leads_leadevent SET id = id", is_application=True)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_dump_that_was_cut_short_fails_aloud_and_restores_nothing(full, tmp_path, share):
    dump, create, restore, _change_places = COMMANDS
    run(full, dump, tmp_path)
    file = tmp_path / "alignment.dump"
    os.truncate(file, int(file.stat().st_size * share))
    run(full, create, tmp_path)

    done = run(full, restore, tmp_path)

    assert done.returncode != 0
    assert "pg_restore: error" in done.stderr
    assert contents(full, "restored") == {}


def test_the_commands_for_compose_do_the_same_in_its_containers():
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]
    user = services["postgres"]["environment"]["POSTGRES_USER"]
    lines = re.findall(r"^    docker compose (.*)$", README, re.MULTILINE)
    inside = [line.removeprefix("exec -T postgres ") for line in lines if line.startswith("exec -T postgres ")]

    assert [line.split()[0] for line in inside] == [re.match(r'"\$BIN"/(\w+)', line)[1] for line in COMMANDS]
    assert all(f"--username={user}" in line for line in inside)
    assert "--no-owner --no-privileges --exit-on-error --single-transaction" in inside[2]
    stopped = next(line for line in lines if line.startswith("stop")).split()[1:]
    assert set(stopped) == services.keys() - {"postgres", "redis", "proxy", "migrate"}
