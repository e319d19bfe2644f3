"""Who is who among processes, and the small tools around them."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from alignment.local import processes
from alignment.local.processes import LocalError, Process


@pytest.fixture
def sleeper():
    child = subprocess.Popen(["sleep", "60"])
    yield child
    child.kill()
    child.wait()


def test_a_living_process_is_found_again_from_its_record(tmp_path, sleeper):
    process = processes.find(sleeper.pid)

    processes.write(tmp_path / "it.json", process.as_dict())

    assert processes.recorded(processes.read(tmp_path / "it.json")) == process


def test_a_number_given_to_somebody_else_is_not_the_process(sleeper):
    stranger = {"pid": sleeper.pid, "born": "another boot:1"}

    assert processes.recorded(stranger) is None


def test_a_signal_for_a_process_that_ended_reaches_nobody(sleeper):
    Process(sleeper.pid, "another boot:1").send(signal.SIGKILL)

    assert sleeper.poll() is None


def test_a_process_that_ended_is_not_alive_even_before_it_is_reaped(sleeper):
    process = processes.find(sleeper.pid)

    os.kill(sleeper.pid, signal.SIGKILL)

    assert process.wait(2)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_record_that_was_cut_short_counts_as_none(tmp_path, text):
    (tmp_path / "it.json").write_text(text)

    assert processes.recorded(processes.read(tmp_path / "it.json")) is None


def test_a_state_file_is_for_its_owner_only(tmp_path):
    processes.write(tmp_path / "it.json", {"password": "secret"})

    assert (tmp_path / "it.json").stat().st_mode & 0o777 == 0o600


def test_the_port_wished_for_is_taken_when_free_and_replaced_when_not():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]

        assert not processes.is_free(busy)
        assert processes.free_port(busy) != busy

    assert processes.free_port(busy) == busy


def test_a_lock_is_refused_with_its_message_and_free_after_its_holder_was_killed(tmp_path):
    code = "import sys, time, pathlib; from alignment.local import processes\n"
    code += "with processes.held(pathlib.Path(sys.argv[1]), seconds=0, refusal=''):\n"
    code += "    print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "it.lock"], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"

        with (
            pytest.raises(LocalError, match="somebody else"),
            processes.held(tmp_path / "it.lock", seconds=0, refusal="somebody else"),
        ):
            pass
        holder.kill()

    with processes.held(tmp_path / "it.lock", seconds=2, refusal="still held"):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child to its parent")
def test_a_tied_child_ends_when_its_starter_is_killed(tmp_path):
    code = "import sys, signal, time, pathlib; from alignment.local import processes\n"
    code += "child = processes.spawn(['sleep', '60'], log=pathlib.Path(sys.argv[1]), tied=signal.SIGTERM)\n"
    code += "print(child.pid, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "it.log"], stdout=subprocess.PIPE) as starter:
        child = processes.find(int(starter.stdout.readline()))
        assert child.is_alive

        starter.kill()

    assert child.wait(2)


def test_the_last_lines_of_a_log_are_indented_and_few(tmp_path):
    (tmp_path / "it.log").write_text("".join(f"line {number}\n" for number in range(10_000)))

    assert processes.last_lines(tmp_path / "it.log", 2) == "    line 9998\n    line 9999"
    assert processes.last_lines(tmp_path / "missing.log") == ""
