"""docker-compose.yml and what belongs to it: no default secrets, nothing forgotten."""

import http.server
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
import yaml
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from alignment.health.models import Heartbeat
from alignment.kernel import tables
from alignment.local.programs import QUEUES
from alignment.local.servers import PROJECT

DOCKERFILE = (PROJECT / "Dockerfile").read_text().replace("\\\n", "")
TEXT = (PROJECT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
OURS = ["migrate", "web", "worker", "worker-batch", "beat"]
PASSWORDS = {"POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "REDIS_PASSWORD"}
REQUIRED = {"SECRET_KEY", "SITE_URL", "EMAIL_URL", "DEFAULT_FROM_EMAIL"} | PASSWORDS


def test_a_missing_value_stops_compose_with_its_name_and_what_to_write():
    messages = dict(re.findall(r"\$\{(\w+):\?([^}]*)\}", TEXT))

    assert set(messages) == REQUIRED
    assert all(f"write {name}=" in message and ".env" in message for name, message in messages.items())


def test_the_example_lists_every_variable_and_holds_no_value():
    lines = (PROJECT / ".env.example").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    offered = set(re.findall(r"^# ([A-Z_]+)=", "\n".join(lines), re.MULTILINE))

    assert set(values) == REQUIRED
    assert set(values.values()) == {""}
    assert REQUIRED | offered == set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_one_image_with_few_rights(name):
    service = SERVICES[name]

    assert service["image"] == SERVICES["web"]["image"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


def test_only_the_migration_knows_the_owner_of_the_tables():
    owner = SERVICES["postgres"]["environment"]["POSTGRES_USER"]
    knowing = {name for name in OURS if "DATABASE_OWNER_URL" in SERVICES[name]["environment"]}
    addresses = {SERVICES[name]["environment"]["DATABASE_URL"] for name in OURS}

    assert knowing == {"migrate"}
    assert SERVICES["migrate"]["environment"]["DATABASE_OWNER_URL"].startswith(f"postgresql://{owner}:")
    assert len(addresses) == 1
    assert not addresses.pop().startswith(f"postgresql://{owner}:")
    assert all("POSTGRES_PASSWORD" not in str(SERVICES[name]["environment"]) for name in set(OURS) - knowing)


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"migrate"}))
def test_every_service_restarts_and_is_watched(name):
    service = SERVICES[name]

    assert service["restart"] == "unless-stopped"
    assert "healthcheck" in service or "HEALTHCHECK" in DOCKERFILE


def test_only_the_proxy_is_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["data"]["internal"]
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["data"]


def test_every_queue_has_a_worker():
    commands = [SERVICES[name]["command"] for name in ("worker", "worker-batch")]
    served = ",".join(command[command.index("-Q") + 1] for command in commands)

    assert sorted(served.split(",")) == sorted(QUEUES.split(","))


def test_every_volume_and_network_exists():
    volumes = {text.partition(":")[0] for service in SERVICES.values() for text in service.get("volumes", [])}
    networks = {name for service in SERVICES.values() for name in service["networks"]}

    assert volumes == set(COMPOSE["volumes"])
    assert networks == set(COMPOSE["networks"])


def test_the_health_check_of_the_image_asks_with_a_host_that_the_settings_allow():
    asked = []

    class Web(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Host"]))
            self.send_response(200)
            self.end_headers()

    with http.server.HTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.handle_request).start()
        command = json.loads(re.search(r"HEALTHCHECK .*?CMD (\[.*?\])$", DOCKERFILE, re.MULTILINE)[1])
        script = command[2].replace(":8000", f":{server.server_port}")
        environment = {**os.environ, "SITE_URL": "https://alignment.example.com:8443"}
        subprocess.run([sys.executable, "-c", script], env=environment, check=True)

    assert asked == [("/healthz", "alignment.example.com:8443")]


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "is_well"), [(1, True), (3, False)])
def test_the_health_check_of_beat_asks_for_its_heartbeat(minutes, is_well):
    script = SERVICES["beat"]["healthcheck"]["test"][-1]
    question = re.search(r'execute\("(.*)"\)', script)[1]
    Heartbeat.objects.create(name="beat", at=timezone.now() - timedelta(minutes=minutes))

    with connection.cursor() as cursor:
        cursor.execute(question)

        assert bool(cursor.fetchone()) is is_well


def test_every_static_file_refers_only_to_files_that_exist(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    storage = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": storage}}
    line = next(line for line in DOCKERFILE.splitlines() if "collectstatic" in line)
    words = shlex.split(line.partition("collectstatic")[2].partition("&&")[0])

    call_command("collectstatic", *words, verbosity=0)

    assert "tabler/css/tabler.min.css" in json.loads((tmp_path / "staticfiles.json").read_text())["paths"]


def test_the_proxy_lets_through_the_largest_file_that_the_form_promises():
    (megabytes,) = re.findall(r"max_size (\d+)MB", TEXT)

    assert int(megabytes) * 1_000_000 > tables.LARGEST  # Caddy counts in thousands
