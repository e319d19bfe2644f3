"""The doctor finds each fault, says how to mend it, and ends with 1."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from alignment.health import checks, doctor, instance, services
from alignment.health.models import Heartbeat
from alignment.outbox.models import Notice, NoticeState
from tests.outbox.smtp_server import SmtpServer


class QuietHandler(SimpleHTTPRequestHandler):
    ahead = 0

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.ahead)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def web(folder: Path, instance_id: str) -> Iterator[str]:
    """A web server that says it is this installation; its address."""
    (folder / "healthz").write_text(json.dumps({"status": "alive", "instance": instance_id}))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def healthy(db, settings, tmp_path):
    """An installation in which everything works."""
    services.note(*checks.HEARTBEATS, now=timezone.now())
    with web(tmp_path, instance.ID) as settings.SITE_URL:
        yield


def faults() -> dict[str, doctor.Finding]:
    return {finding.part: finding for finding in doctor.examine(now=timezone.now()) if not finding.is_ok}


def test_a_healthy_installation_has_no_fault(healthy):
    assert faults() == {}


@pytest.mark.parametrize(("part", "heartbeats"), [("worker", checks.HEARTBEATS[:-1]), ("beat", [checks.BEAT])])
def test_a_stopped_part_is_found(healthy, part, heartbeats):
    services.note(*heartbeats, now=timezone.now() - timedelta(minutes=5))

    found = faults()

    assert list(found) == [part]
    assert "celery" in found[part].mend


def test_a_queue_that_nobody_serves_is_found(healthy):
    services.note("worker:import", now=timezone.now() - timedelta(minutes=5))

    found = faults()

    assert list(found) == ["worker"]
    assert "import" in found["worker"].says
    assert "-Q" in found["worker"].mend


def test_a_worker_that_was_never_started_is_found(healthy):
    Heartbeat.objects.exclude(name=checks.BEAT).delete()

    assert "never" in faults()["worker"].says


def test_a_wrong_address_is_found(healthy, settings):
    settings.SITE_URL = "http://127.0.0.1:9"

    assert "SITE_URL" in faults()["address"].mend


def test_the_address_of_another_installation_is_found(healthy, settings, tmp_path):
    with web(tmp_path, "somebody-else") as settings.SITE_URL:
        assert "Another installation" in faults()["address"].says


def test_a_mail_server_that_refuses_us_is_found(healthy, settings):
    with SmtpServer(answers={"EHLO": "550 go away", "HELO": "550 go away"}) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port

        found = faults()

    assert "EMAIL_URL" in found["mail"].mend


def test_a_mail_server_that_lets_us_in_is_no_fault(healthy, settings):
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port

        assert faults() == {}
        assert server.mails == []


def test_a_role_that_owns_the_tables_is_a_weakness_and_no_fault(healthy):
    out = StringIO()

    call_command("doctor", stdout=out)

    said = re.search(r"weak  database role: (.*)\n +-> (.*)", out.getvalue())
    assert "owns the tables" in said[1]
    assert "DATABASE_OWNER_URL" in said[2]


def test_a_migration_that_is_not_applied_is_found(healthy, monkeypatch):
    monkeypatch.setattr(checks, "_wanted_migrations", lambda: frozenset({("leads", "9999_future")}))

    assert faults()["migrations"].mend == "Run: manage.py migrate"


def test_a_clock_that_is_wrong_is_found(healthy, monkeypatch):
    ahead = timezone.now() + timedelta(minutes=2)
    monkeypatch.setattr(doctor.timezone, "now", lambda: ahead)

    found = {finding.part for finding in doctor.examine(now=ahead) if not finding.is_ok}

    assert "clock" in found


@pytest.mark.parametrize("seconds", [-120, 120])
def test_a_web_server_whose_clock_is_wrong_is_found(healthy, monkeypatch, seconds):
    monkeypatch.setattr(QuietHandler, "ahead", seconds)

    assert "differ by 1" in faults()["clock"].says


def test_a_site_that_redirects_to_itself_for_ever_is_found(healthy, monkeypatch, settings):
    healthz = QuietHandler.do_GET

    def do_get(handler):
        if handler.path == "/healthz":
            healthz(handler)
        else:
            handler.send_response(301)
            handler.send_header("Location", settings.SITE_URL + handler.path)
            handler.end_headers()

    monkeypatch.setattr(QuietHandler, "do_GET", do_get)

    assert "TRUSTED_PROXY_COUNT" in faults()["address"].mend


@pytest.mark.parametrize("usage", [(100, 97, 3), (100, 93, 2)], ids=["full", "full but for what root may use"])
def test_a_full_disk_is_found(healthy, monkeypatch, settings, usage):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: namedtuple("usage", "total used free")(*usage))

    assert re.match(rf"9[78]% of the disk of {settings.BASE_DIR}", faults()["disk"].says)


def test_a_full_disk_of_our_own_database_is_found(healthy, monkeypatch, settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / ".local" / "postgres").mkdir(parents=True)
    cluster = {"data": "postgres", "port": int(settings.DATABASES["default"]["PORT"])}
    (tmp_path / ".local" / "postgres.json").write_text(json.dumps(cluster))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: usage(9, 99, 1) if "postgres" in str(path) else usage(9, 1, 9)
    )

    assert f"99% of the disk of {tmp_path}/.local/postgres is used" in faults()["disk"].says


def test_mails_that_were_given_up_are_found(healthy):
    now = timezone.now()
    Notice.objects.create(to_address="a@example.com", template="x", created_at=now, next_at=now, state=NoticeState.DEAD)

    assert "given up" in faults()["waiting mails"].says


def test_mails_that_wait_too_long_are_found(healthy):
    late = timezone.now() - timedelta(minutes=4)
    Notice.objects.create(to_address="a@example.com", template="x", created_at=late, next_at=late)

    assert "waiting" in faults()["waiting mails"].says


def test_mails_that_wait_for_a_server_are_found_between_their_attempts(healthy):
    now = timezone.now()
    early = now - timedelta(minutes=9)
    fields = {"to_address": "a@example.com", "template": "x", "created_at": early, "last_error": "535 who are you"}
    Notice.objects.create(**fields, next_at=now + timedelta(hours=1), attempts=3, outages=3)

    assert "535 who are you" in faults()["waiting mails"].says


def test_a_redis_that_is_away_is_found(healthy, settings):
    settings.REDIS_URL = "redis://:a-secret@127.0.0.1:9/0"

    assert "REDIS_URL" in faults()["redis"].mend


def test_the_command_ends_with_one_and_says_what_is_wrong(healthy, settings):
    settings.SITE_URL = "http://127.0.0.1:9"
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)

    assert ended.value.code == 1
    assert "WRONG address" in out.getvalue()


def test_the_command_speaks_json_and_tells_no_secret(healthy, settings):
    settings.REDIS_URL = "redis://:a-secret@127.0.0.1:9/0"
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("doctor", "--json", stdout=out)

    report = json.loads(out.getvalue())
    assert report["ok"] is False
    assert {"part", "is_ok", "says", "mend"} == set(report["findings"][0])
    assert "a-secret" not in out.getvalue()


def test_a_healthy_installation_ends_well(healthy):
    call_command("doctor", stdout=StringIO())
