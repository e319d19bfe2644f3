"""Production refuses to start unsafe, and what it serves is closed as far as a browser lets it be."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
import yaml
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse

from alignment.accounts.models import User
from alignment.kernel import logs
from alignment.kernel.middleware import REQUEST_ID

ROOT = Path(__file__).resolve().parents[1]
GOOD = {
    "DJANGO_SETTINGS_MODULE": "alignment.settings.prod",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "SITE_URL": "https://alignment.example.com",
    "DATABASE_URL": "postgresql://user:pw@db.example.com/alignment?sslmode=verify-full",
    "REDIS_URL": "redis://:pw@redis.example.com:6379/0",
    "EMAIL_URL": "smtp+tls://user:pw@mail.example.com:587",
}
SHOW = """
import json
from django.conf import settings
names = ["ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DATABASES", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME",
         "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "DEMO",
         "EMAIL_HOST", "EMAIL_USE_TLS", "SOCIALACCOUNT_PROVIDERS", "FAILPOINTS_ENABLED", "DEBUG",
         "SECURE_PROXY_SSL_HEADER", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_AGE", "SESSION_IDLE_LIMIT", "LOG_LEVEL",
         "EMAIL_BACKEND", "REQUIRE_MFA", "METRICS_KEY", "DATABASE_OWNER"]
print(json.dumps({name: getattr(settings, name, None) for name in names}, default=str))
"""


def python(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run Python with production's environment, changed as asked; None leaves a variable out."""
    wanted = {name: value for name, value in (GOOD | changes).items() if value is not None}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **wanted}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def shown(**changes: str) -> dict:
    done = python("-c", SHOW, **changes)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["SECRET_KEY", "SITE_URL", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"])
def test_production_does_not_start_without(name):
    done = python("-c", SHOW, **{name: None})

    assert done.returncode != 0
    assert f"{name} is not usable" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "1"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "for-this-machine-only-never-in-production-" + "x" * 20),
        ("SECRET_KEY", "abcd" * 20),
        ("SITE_URL", "http://alignment.example.com"),
        ("SITE_URL", "https://"),
        ("SITE_URL", "https://:8443"),
        ("SITE_URL", "https://alignment.example.com/portal"),
        ("SITE_URL", "https://user@alignment.example.com"),
        ("DEMO", "1"),
        ("METRICS_KEY", "guess-me"),
        ("METRICS_KEY", "a key with spaces is no bearer token"),
    ],
)
def test_production_does_not_start_with(name, value):
    done = python("-c", SHOW, **{name: value})

    assert done.returncode != 0
    assert f"{name} is not usable" in done.stderr


def test_a_refusal_says_how_to_make_a_secret():
    assert "secrets.token_urlsafe" in python("-c", SHOW, SECRET_KEY=None).stderr


@pytest.mark.parametrize("value", ["https://alignment.example.com:8443", "https://[2001:db8::1]", "https://host/"])
def test_production_starts_with_any_address_of_a_site(value):
    assert python("-c", SHOW, SITE_URL=value).returncode == 0


BUILD = shlex.split(re.search(r"RUN export (.*?)&&", (ROOT / "Dockerfile").read_text().replace("\\\n", ""))[1])


def test_production_loads_with_what_the_image_is_built_with():
    assert {"SECRET_KEY", "SITE_URL"} <= {word.partition("=")[0] for word in BUILD}

    done = python("-c", SHOW, **dict(word.split("=", 1) for word in BUILD))

    assert done.returncode == 0, done.stderr


def test_monitoring_needs_a_key_of_ones_own():
    assert shown()["METRICS_KEY"] == ""
    assert shown(METRICS_KEY="k" * 32)["METRICS_KEY"] == "k" * 32


@pytest.mark.parametrize("name", [".env.example", "docker-compose.yml", "alignment/settings/prod.py"])
def test_production_loads_with_a_key_made_as_we_tell_people_to(name):
    recipe = re.search(r"(openssl rand -hex \d+|python3 -c '[^']+')", (ROOT / name).read_text())[1]
    key = subprocess.run(shlex.split(recipe), capture_output=True, text=True, check=True).stdout.strip()

    done = python("-c", SHOW, SECRET_KEY=key)

    assert done.returncode == 0, done.stderr


def test_production_derives_hosts_and_cookies_from_its_address():
    found = shown()

    assert found["ALLOWED_HOSTS"] == ["alignment.example.com"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://alignment.example.com"]
    assert found["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert found["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is found["LANGUAGE_COOKIE_SECURE"] is True
    assert found["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert (found["DEMO"], found["DEBUG"], found["FAILPOINTS_ENABLED"]) == (False, False, None)


def test_further_host_names_are_added_to_that_of_the_address():
    assert shown(ALLOWED_HOSTS="old.example.com")["ALLOWED_HOSTS"] == ["alignment.example.com", "old.example.com"]


def test_an_optional_variable_that_is_empty_is_as_if_it_were_not_set():
    environment = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["x-application"]["environment"]
    optional = {name for name, value in environment.items() if value.endswith(":-}")}
    assert {"ALLOWED_HOSTS", "OIDC_SERVER_URL", "SESSION_DAYS", "SECURE_SSL_REDIRECT", "LOG_LEVEL"} <= optional

    assert shown(**dict.fromkeys([*optional, "TRUSTED_PROXY_COUNT", "CONN_MAX_AGE"], "")) == shown()


def test_what_a_run_tells_is_read_before_it_is_needed():
    text = (ROOT / "alignment" / "settings" / "base.py").read_text()

    assert text.index("services.env") < text.index('"SITE_URL"')


def test_a_second_factor_is_required_of_managers_in_production_unless_told_otherwise():
    dev = {"DJANGO_SETTINGS_MODULE": "alignment.settings.dev"}

    assert (shown()["REQUIRE_MFA"], shown(**dev)["REQUIRE_MFA"]) == ("managers", "nobody")
    assert shown(REQUIRE_MFA="everyone")["REQUIRE_MFA"] == "everyone"
    assert "REQUIRE_MFA is not usable" in python("-c", SHOW, REQUIRE_MFA="sometimes").stderr


def test_mails_of_a_development_machine_leave_only_where_a_server_is_named():
    dev = {"DJANGO_SETTINGS_MODULE": "alignment.settings.dev"}

    assert shown(**dev, EMAIL_URL="")["EMAIL_BACKEND"].endswith("DiscardBackend")
    found = shown(**dev, EMAIL_URL="smtp://mail.example.com:25")
    assert (found["EMAIL_BACKEND"], found["EMAIL_HOST"]) == (
        "django.core.mail.backends.smtp.EmailBackend",
        "mail.example.com",
    )


def test_only_a_proxy_of_ours_may_say_that_a_request_came_encrypted():
    assert shown()["SECURE_PROXY_SSL_HEADER"] is None
    assert shown(TRUSTED_PROXY_COUNT="1")["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_what_the_database_s_address_says_of_encryption_is_kept():
    options = shown()["DATABASES"]["default"]["OPTIONS"]

    assert options["sslmode"] == "verify-full"
    assert "lock_timeout" in options["options"]


def test_the_owner_of_the_tables_may_be_somebody_else():
    owner = GOOD["DATABASE_URL"].replace("user:pw", "owner:other")

    assert shown()["DATABASE_OWNER"] == {}
    found = shown(DATABASE_OWNER_URL=owner)
    assert (found["DATABASES"]["default"]["USER"], found["DATABASE_OWNER"]["USER"]) == ("user", "owner")
    assert found["DATABASE_OWNER"]["OPTIONS"] == found["DATABASES"]["default"]["OPTIONS"]


@pytest.mark.parametrize(("given", "expected"), [({}, "owner"), ({"DATABASE_URL": GOOD["DATABASE_URL"]}, None)])
def test_the_owner_that_a_run_tells_is_not_that_of_a_database_elsewhere(tmp_path, given, expected):
    """A copy of the code with a run of its own beside it."""
    shutil.copytree(ROOT / "alignment", tmp_path / "alignment", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".local").mkdir()
    told = "DATABASE_URL=postgresql://app:pw@localhost/run\nDATABASE_OWNER_URL=postgresql://owner:pw@localhost/run\n"
    (tmp_path / ".local" / "services.env").write_text(told)
    development = dict.fromkeys(GOOD) | {"DJANGO_SETTINGS_MODULE": "alignment.settings.dev"}

    done = python("-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}){SHOW}", **development | given)

    assert json.loads(done.stdout)["DATABASE_OWNER"].get("USER") == expected, done.stderr


def test_secrets_may_come_from_files(tmp_path):
    (tmp_path / "key").write_text(secrets.token_urlsafe(64))

    assert python("-c", SHOW, SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "key")).returncode == 0


def test_single_sign_on_is_set_up_by_the_environment():
    found = shown(OIDC_SERVER_URL="https://id.example.com", OIDC_CLIENT_ID="alignment", OIDC_CLIENT_SECRET="s")

    (app,) = found["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert app["settings"]["server_url"] == "https://id.example.com"
    assert app["client_id"] == "alignment"


def test_the_deployment_check_is_clean():
    done = python("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr


def policy(response: HttpResponse) -> dict[str, list[str]]:
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {part[0]: part[1:] for part in parts if part}


@pytest.mark.parametrize("name", ["account_login", "accounts:profile", "home", "api-docs"])
def test_the_content_policy_allows_nothing_inline(signed_in, mai, client, name):
    browser = client if name == "account_login" else signed_in(mai)

    found = policy(browser.get(reverse(name)))

    assert found["default-src"] == ["'none'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:"} & {*found["script-src"], *found["style-src"]}
    assert found["frame-ancestors"] == found["base-uri"] == found["object-src"] == ["'none'"]
    assert found["form-action"] == ["'self'"]


def test_the_description_of_the_api_leads_back_to_the_portal(signed_in, mai):
    page = signed_in(mai).get(reverse("api-docs")).text

    assert 'href="/"' in page
    assert "css/api_docs" in page
    assert "<style" not in page


def test_a_browser_is_told_to_be_careful(signed_in, mai):
    headers = signed_in(mai).get("/").headers

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client, mai):
    client.get(reverse("account_login"))
    client.post(reverse("account_login"), {"login": mai.email, "password": "correct-horse-battery"})
    client.post(reverse("set_theme"), {"theme": "dark"})
    client.post(reverse("set_language"), {"language": "ja"})

    for name in ("sessionid", "csrftoken", "theme", "django_language"):
        assert client.cookies[name]["httponly"] is True, name
        assert client.cookies[name]["samesite"] == "Lax", name


@override_settings(
    SESSION_COOKIE_SECURE=True, SESSION_COOKIE_NAME="__Host-sessionid", CSRF_COOKIE_SECURE=True, SECURE_HSTS_SECONDS=9
)
def test_cookies_leave_encrypted_only_in_production(mai):
    client = Client()
    client.post(reverse("account_login"), {"login": mai.email, "password": "correct-horse-battery"}, secure=True)
    client.post(reverse("set_theme"), {"theme": "dark"}, secure=True)

    cookie = client.cookies["__Host-sessionid"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert client.cookies["theme"]["secure"] is True


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(f"canary-trace {request.GET.get('q')}")


urlpatterns = [path("fail/", fail)]
handler500 = "alignment.kernel.views.server_error"


@pytest.fixture
def failing(settings):
    """A site whose only page fails."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "LoginRequired" not in one]
    return Client(raise_request_exception=False)


def test_a_fault_shows_its_number_and_nothing_else(failing, db):
    page = failing.get("/fail/?q=x")

    assert page.status_code == 500
    assert page["X-Request-ID"] in page.text
    assert "canary-trace" not in page.text
    assert "RuntimeError" not in page.text


def test_a_fault_page_needs_no_database(failing, monkeypatch):
    """There is no database in this test: asking one would raise again."""
    assert failing.get("/fail/").status_code == 500


@pytest.mark.parametrize("given", ["req-12345678", "6c5e2f0a-0a3b-4c51-9b25-2f3a4b5c6d7e"])
def test_the_proxy_s_request_id_is_kept(client, db, given):
    assert client.get("/accounts/login/", headers={"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["short", "x" * 100_000, "with space in it", "<script>alert(1)</script>", "a\tb" * 5])
def test_a_hostile_request_id_is_replaced(client, db, given):
    found = client.get("/accounts/login/", headers={"X-Request-ID": given})["X-Request-ID"]

    assert found != given
    assert REQUEST_ID.fullmatch(found)


@pytest.fixture
def log_lines():
    """Everything that is logged, as it is written in production."""
    formatter = settings.LOGGING["formatters"]["json"]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**{k: v for k, v in formatter.items() if k != "()"}))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_request_is_logged_under_its_id(client, db, log_lines):
    client.get("/accounts/login/", headers={"X-Request-ID": "req-12345678"})

    lines = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    assert any(line.get("request_id") == "req-12345678" and line["event"] == "request_finished" for line in lines)


def test_no_secret_and_no_address_reaches_the_log(client, mai, log_lines):
    secret_word, address = "canary-password-4711", "canary.person@example.com"
    User.objects.filter(pk=mai.pk).update(email=address)
    client.post(reverse("account_login"), {"login": address, "password": secret_word})
    client.get(f"/leads/?q={address}")
    client.get("/invitations/canary-token-4711/")
    client.get("/accounts/password/reset/key/3-canary-key-4711/")
    client.get("/api/v1/handoffs/", headers={"Authorization": "Token algn_deadbeef4711"})
    logging.getLogger("x").error("could not reach redis://:canary-broker@10.0.0.1/0 for %s", address)
    structlog.get_logger("y").error("z", password=secret_word, detail={"token": "canary-token-4711"}, to=[address])
    try:
        raise ValueError(f"bad {address}")
    except ValueError:
        logging.getLogger("x").exception("failed")

    written = log_lines.getvalue()
    assert "canary" not in written
    assert "deadbeef" not in written
    assert "***@example.com" in written


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("to: a.b+c@mail.example.co.jp", "to: ***@mail.example.co.jp"),
        ("postgresql://user:pw@db/x", "postgresql://***@db/x"),
        ("GET /invitations/abc/", "GET /invitations/***/"),
        ("no secret here, 12:30", "no secret here, 12:30"),
    ],
)
def test_text_is_masked_by_its_look(text, hidden):
    assert logs.masked(text) == hidden


def test_the_limits_of_a_session_are_documented():
    readme = (ROOT / "README.md").read_text()

    assert "SESSION_IDLE_HOURS" in readme
    assert "SESSION_DAYS" in readme


def test_no_module_but_the_settings_reads_the_environment():
    readers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("alignment", "leads", "handoff", "reviews")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"os\.environ(?!\.setdefault)|getenv", path.read_text())
    ]

    # A workbook is parsed in a process that is given a few variables of ours, and none of the secret ones.
    hands_on = "alignment/kernel/tables/workbooks.py"
    allowed = ("alignment/settings/", "alignment/local/", "alignment/kernel/failpoints.py", hands_on)
    assert [name for name in readers if not name.startswith(allowed)] == []
