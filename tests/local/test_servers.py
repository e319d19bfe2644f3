"""The embedded PostgreSQL and Redis, started for real in folders of their own."""

import fcntl
import os
import signal
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis

from alignment.local import postgres, processes, redis_server, servers
from alignment.local.servers import POSTGRES, REDIS


def ask(url, query):
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def folder():
    """A path with spaces, an accent and Japanese, longer than a Unix socket may be."""
    with tempfile.TemporaryDirectory(prefix="alignment local ") as base:
        os.chmod(base, 0o711)
        path = Path(base) / "é 日本語" / ("long " * 30) / ".local"
        yield path
        servers.discard(path)


@pytest.fixture
def pair(folder):
    return servers.start(folder, durable=False)


def test_both_answer_and_the_addresses_are_left_for_the_settings(pair, folder):
    assert ask(pair[POSTGRES].url, "SHOW timezone") == [("UTC",)]
    assert redis.from_url(pair[REDIS].url).ping()
    assert (folder / "services.env").read_text() == "".join(
        f"{key}={value}\n" for key, value in pair.variables().items()
    )


def test_the_role_may_create_databases_and_roles_and_is_no_superuser(pair):
    for kind in ("DATABASE", "ROLE"):
        ask(pair[POSTGRES].url, f"CREATE {kind} another")
        ask(pair[POSTGRES].url, f"DROP {kind} another")

    assert ask(pair[POSTGRES].url, "SHOW is_superuser") == [("off",)]


def test_nobody_gets_in_without_the_password(pair):
    url = pair[POSTGRES].url.replace(":" + pair[POSTGRES].url.split(":")[2].split("@")[0], ":wrong")
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        psycopg2.connect(url)
    port = int(pair[REDIS].url.rpartition(":")[2].removesuffix("/0"))
    assert not redis_server.answers(port, "wrong")


def test_starting_again_finds_the_same_servers(pair, folder):
    assert servers.start(folder, durable=False) == pair


def test_servers_of_before_learn_to_make_roles(pair, folder):
    ask(
        pair[POSTGRES].url.replace(f"//{postgres.NAME}:", f"//{postgres.SUPERUSER}:"),
        "ALTER ROLE alignment NOCREATEROLE",
    )

    again = servers.start(folder, durable=False)

    assert ask(again[POSTGRES].url, "SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user") == [(True,)]


def test_after_a_crash_they_start_again_at_the_same_address_with_the_data(pair, folder):
    ask(pair[POSTGRES].url, "CREATE TABLE kept AS SELECT 1 AS one")
    for server in pair.values():
        server.process.send(signal.SIGKILL)
        assert server.process.wait(5)

    again = servers.start(folder, durable=False)

    assert again.variables() == pair.variables()
    assert ask(again[POSTGRES].url, "SELECT one FROM kept") == [(1,)]


def test_a_stranger_with_the_number_of_a_crashed_server_is_left_alone(pair, folder):
    for server in pair.values():
        server.process.send(signal.SIGKILL)
        server.process.wait(5)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lock = folder / "postgres" / "postmaster.pid"
        lock.write_text("\n".join([str(stranger.pid), *lock.read_text().splitlines()[1:]]) + "\n")
        record = processes.read(folder / "redis.json")
        processes.write(folder / "redis.json", {**record, "pid": stranger.pid})

        assert servers.status(folder) == {}
        assert servers.stop(folder) == []
        assert ask(servers.start(folder, durable=False)[POSTGRES].url, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
        stranger.kill()


def test_a_frozen_redis_is_replaced(pair, folder, monkeypatch):
    monkeypatch.setattr("alignment.local.redis_server.PATIENCE", 0.2)
    pair[REDIS].process.send(signal.SIGSTOP)

    again = servers.start(folder, durable=False)

    assert not pair[REDIS].process.is_alive
    assert redis.from_url(again[REDIS].url).ping()


def test_stop_ends_both_and_takes_the_addresses_away(pair, folder):
    assert servers.stop(folder) == [REDIS, POSTGRES]

    assert not any(server.process.is_alive for server in pair.values())
    assert not (folder / "services.env").exists()
    assert servers.stop(folder) == []


def test_only_what_is_wanted_starts(folder):
    servers.stop(folder)

    assert list(servers.start(folder, wanted={REDIS}, durable=False)) == [REDIS]
    assert list(servers.status(folder)) == [REDIS]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account for PostgreSQL")
def test_root_gets_a_server_in_a_private_folder_too(tmp_path, monkeypatch):
    with tempfile.TemporaryDirectory() as shared:
        os.chmod(shared, 0o711)
        monkeypatch.setattr("alignment.local.unprivileged.SHARED_FOLDERS", (Path(shared) / "public",))
        tmp_path.chmod(0o700)

        pair = servers.start(tmp_path / ".local", durable=False)

        assert ask(pair[POSTGRES].url, "SELECT 1") == [(1,)]
        assert not (tmp_path / ".local" / "postgres").exists()
        servers.discard(tmp_path / ".local")
        assert list((Path(shared) / "public").iterdir()) == []
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_throw_away_servers_leave_nothing_behind(tmp_path, monkeypatch):
    tmp_path.chmod(0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with servers.throwaway() as pair:
        assert ask(pair[POSTGRES].url, "SHOW fsync") == [("off",)]

    assert not any(server.process.is_alive for server in pair.values())
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_cleared_away_but_not_what_is_in_use(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(servers, "start", lambda *_, **__: servers.Servers())
    for name in ("old", "new", "used"):
        (tmp_path / f"{servers.THROWAWAY}{name}").mkdir()
    with (tmp_path / f"{servers.THROWAWAY}used" / "owner.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("old", "used"):
            os.utime(tmp_path / f"{servers.THROWAWAY}{name}", (0, 0))

        with servers.throwaway():
            pass

        assert {path.name.removeprefix(servers.THROWAWAY) for path in tmp_path.iterdir()} == {"new", "used"}


def test_data_without_its_password_is_explained_and_not_overwritten(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")

    with pytest.raises(processes.LocalError, match="make clean"):
        postgres.start(tmp_path, durable=False)
