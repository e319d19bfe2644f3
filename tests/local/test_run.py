"""The supervisor of `make run`, with small programs in the place of the real ones."""

import os
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from alignment.local import postgres, processes, run, servers, supervisor
from alignment.local.processes import LocalError
from alignment.local.programs import Program
from alignment.local.supervisor import Interrupts, Supervisor

WEB = """
import http.server, sys
class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Healthy).serve_forever()
"""
RUN = """
import functools, pathlib, sys
from alignment.local import run, servers
from alignment.local.processes import LocalError
from alignment.local.programs import Program
servers.start = functools.partial(servers.start, durable=False)
run.prepare = lambda log, environment, owner: None
run.MANAGE = (sys.executable, "-c", "print('marketer mai@example.com'); print('admin  kei@example.com')")
web = Program("web", [sys.executable, "-c", sys.argv[2], sys.argv[3]])
run.programs = lambda port, folder: [web, Program("worker", ["sh", "-c", sys.argv[4]])]
try:
    sys.exit(run.run(pathlib.Path(sys.argv[1])))
except LocalError as error:
    sys.exit(f"alignment: {error}")
"""


@pytest.fixture
def group(tmp_path):
    made = Supervisor(tmp_path / "log", Interrupts())
    yield made
    made.stop()


@pytest.fixture
def folder(tmp_path):
    tmp_path.chmod(0o711)
    yield tmp_path / "local folder"
    servers.discard(tmp_path / "local folder")


@pytest.fixture
def make_run(folder):
    """Start a stand-in for `make run` in a folder of its own, without servers where a test needs none."""
    started = []

    def start(*, worker="echo $$; exec sleep 60", with_servers=False):
        port = str(processes.free_port())
        given = {} if with_servers else {"DATABASE_URL": "postgresql://given", "REDIS_URL": "redis://given"}
        kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
        command = [sys.executable, "-c", RUN, str(folder), WEB, port, worker]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        child = subprocess.Popen(command, env={**kept, **given, "PORT": port}, **pipes)
        started.append(child)
        return child

    yield start
    for child in started:
        child.terminate()
        child.communicate(timeout=20)


def read_until_ready(child):
    return next(line for line in child.stdout if line.startswith("Ready"))


def worker_of(folder):
    return processes.find(int((folder / "log" / "worker.log").read_text()))


def test_a_program_that_ends_is_named_with_its_exit_code_and_last_words(group):
    group.start(Program("web", ["sleep", "60"]), os.environ)
    group.start(Program("worker", ["sh", "-c", "echo no such queue; exit 3"]), os.environ)

    with pytest.raises(LocalError, match=r"worker ended with exit code 3.*\n    no such queue"):
        group.watch()


def test_a_program_that_was_killed_is_named_with_the_signal(group):
    group.start(Program("beat", ["sh", "-c", "kill -KILL $$"]), os.environ)

    with pytest.raises(LocalError, match="beat was ended by SIGKILL"):
        group.watch()


def test_a_server_that_ends_is_named_too(group):
    with subprocess.Popen(["sleep", "60"]) as server:
        group.watched = {"Redis": processes.find(server.pid)}
        server.kill()

    with pytest.raises(LocalError, match="Redis ended"):
        group.watch()


def test_stopping_starts_with_the_last_and_spares_nobody_who_does_not_listen(group, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(supervisor, "PATIENCE", 0.3)
    notes = tmp_path / "notes"
    polite = "trap 'echo {0} >> \"{1}\"; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    group.start(Program("web", ["sh", "-c", polite.format("web", notes)]), os.environ)
    group.start(Program("worker", ["sh", "-c", polite.format("worker", notes)]), os.environ)
    group.start(Program("beat", ["sh", "-c", "trap '' TERM; echo ready; sleep 60 & wait; sleep 60"]), os.environ)
    alive = [processes.find(child.pid) for child in group.children.values()]
    processes.wait_until(lambda: all("ready" in group.log(name).read_text() for name in group.children), 5)

    group.stop()

    assert notes.read_text().split() == ["worker", "web"]
    assert "beat does not end" in capsys.readouterr().out
    assert not any(process.is_alive for process in alive)


def test_what_a_program_left_behind_ends_with_it(group):
    group.start(Program("web", ["sh", "-c", "sleep 60 & echo $!; exec sleep 60"]), os.environ)
    processes.wait_until(lambda: group.log("web").read_text().strip(), 5)
    left_behind = processes.find(int(group.log("web").read_text()))

    group.stop()

    assert left_behind.wait(2)


def test_the_log_of_the_run_before_is_kept_beside(group):
    for word in ("first", "second"):
        group.start(Program("web", ["echo", word]), os.environ)
        group.children["web"].wait()

    assert group.log("web").read_text() == "second\n"
    assert group.log("web").with_suffix(".log.old").read_text() == "first\n"


@pytest.mark.parametrize("port", ["x", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(monkeypatch, port):
    monkeypatch.setenv("PORT", port)

    with pytest.raises(LocalError, match="PORT must be a number"):
        run.web_port()


def test_a_run_tells_once_when_it_is_ready_and_stops_all_it_started(make_run, folder):
    child = make_run(with_servers=True)

    ready = read_until_ready(child)
    alive = [worker_of(folder), *servers.status(folder).values()]
    child.send_signal(signal.SIGINT)
    rest, complaint = child.communicate(timeout=20)

    assert "sign in as marketer mai@example.com, admin kei@example.com" in ready
    assert (child.returncode, rest, complaint) == (0, "Stopped.\n", "")
    assert len(alive) == 3
    assert not any(process.is_alive for process in alive)
    assert not (folder / "services.env").exists()
    assert not (folder / "run.json").exists()


def test_a_second_run_in_the_same_folder_is_refused(make_run):
    first = make_run()
    read_until_ready(first)

    second = make_run()

    assert "already running in this folder" in second.communicate(timeout=10)[1]
    assert second.returncode == 1
    assert first.poll() is None


def test_a_run_whose_program_dies_says_so_and_fails(make_run):
    child = make_run(worker="sleep 0.5; echo out of luck; exit 7")

    complaint = child.communicate(timeout=20)[1]

    assert child.returncode == 1
    assert "alignment: worker ended with exit code 7" in complaint
    assert "out of luck" in complaint


def test_a_port_in_use_is_explained(monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))

        with pytest.raises(LocalError, match="is in use"):
            run.web_port()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child to its parent")
def test_after_a_run_was_killed_the_next_one_takes_its_servers_over_and_ends_them(make_run, folder):
    first = make_run(with_servers=True)
    read_until_ready(first)
    worker, before = worker_of(folder), servers.status(folder)
    first.kill()
    assert worker.wait(5)

    second = make_run(with_servers=True)
    read_until_ready(second)
    taken_over = servers.status(folder)
    second.terminate()
    second.communicate(timeout=20)

    assert taken_over == before
    assert not any(process.is_alive for process in before.values())


def test_servers_that_ran_before_are_left_running(make_run, folder):
    before = servers.start(folder, durable=False)
    child = make_run(with_servers=True)
    read_until_ready(child)

    child.terminate()
    child.communicate(timeout=20)

    assert servers.status(folder) == before.processes()
    assert (folder / "services.env").exists()


@pytest.mark.parametrize("name", list(servers.VARIABLES))
def test_of_two_servers_only_the_one_that_a_run_started_ends_with_it(make_run, folder, name):
    before = servers.start(folder, wanted=[name], durable=False)
    child = make_run(with_servers=True)
    read_until_ready(child)
    assert len(servers.status(folder)) == 2

    child.terminate()
    child.communicate(timeout=20)

    assert servers.status(folder) == before.processes()
    assert told(folder) == before.variables()


def test_while_a_run_lasts_other_programs_find_its_address(make_run, folder):
    child = make_run()
    ready = read_until_ready(child)
    during = told(folder)
    child.terminate()
    child.communicate(timeout=20)

    assert f"{during['SITE_URL']}/ " in ready
    assert told(folder) == {}


def test_what_a_run_starts_works_as_another_role_than_the_owner_of_the_tables(make_run, folder):
    child = make_run(worker="env; exec sleep 60", with_servers=True)
    read_until_ready(child)

    worker = dict(line.partition("=")[::2] for line in (folder / "log" / "worker.log").read_text().splitlines())
    assert urlsplit(worker["DATABASE_URL"]).username == postgres.APPLICATION
    assert "DATABASE_OWNER_URL" not in worker
    assert told(folder)["DATABASE_URL"] == worker["DATABASE_URL"]
    assert urlsplit(told(folder)["DATABASE_OWNER_URL"]).username == postgres.NAME
    owner, application = (urlsplit(told(folder)[name]) for name in ("DATABASE_OWNER_URL", "DATABASE_URL"))
    assert owner.password not in application.geturl()


def told(folder):
    """What services.env says."""
    file = folder / "services.env"
    return dict(line.split("=", 1) for line in file.read_text().splitlines()) if file.exists() else {}


def test_stop_ends_a_run_with_all_it_started(make_run, folder):
    child = make_run(with_servers=True)
    read_until_ready(child)

    names = run.stop(folder)

    assert child.wait(5) == 0
    assert names == ["Redis", "PostgreSQL", "web, worker and beat"]
    assert run.stop(folder) == []
