"""`make check`: every check that needs no test run; all of them run, then the failures are listed."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = PROJECT / "tests" / "openapi.yaml"
LINES_SHOWN = 60
PYTHON = sys.executable
MANAGE = (PYTHON, "manage.py")
PACKAGES = ("alignment", "leads", "handoff", "reviews")
CODE = (*PACKAGES, "tests", "manage.py")
DEVELOPMENT = {"DJANGO_SETTINGS_MODULE": "alignment.settings.dev"}
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "alignment.settings.prod",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "SITE_URL": "https://alignment.example.com",
    "EMAIL_URL": "smtp://mail.example.com:587",
    "DEBUG": "",
    "DEMO": "",
}


@dataclass(frozen=True)
class Check:
    """A command that must succeed."""

    name: str
    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)


def checks(schema: Path) -> list[Check]:
    """Return the checks, the slowest first: two run at a time."""
    layers = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return [
        Check("types", [PYTHON, "-m", "mypy", *PACKAGES]),
        Check(
            "API schema",
            [*MANAGE, "spectacular", "--lang", "en", "--validate", "--fail-on-warn", "--file", str(schema)],
            DEVELOPMENT,
        ),
        Check("production settings", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
        Check("migrations", [*MANAGE, "makemigrations", "--check", "--dry-run"], DEVELOPMENT),
        Check("translations", [*MANAGE, "check_translations"], DEVELOPMENT),
        Check("layers", [PYTHON, "-c", layers]),
        Check("templates", [PYTHON, "-m", "djlint", "--lint", "--quiet", "templates"]),
        Check("style", [PYTHON, "-m", "ruff", "check", "--no-cache", "--quiet", *CODE]),
        Check("format", [PYTHON, "-m", "ruff", "format", "--no-cache", "--check", "--quiet", *CODE]),
    ]


def outcome(check: Check) -> str:
    """Run a check; return what it had to say if it failed, else nothing."""
    began = time.monotonic()
    result = subprocess.run(
        check.command,
        cwd=PROJECT,
        env={**os.environ, **check.variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    word = "FAILED" if result.returncode else "ok"
    print(f"{check.name:<20} {word:<6} {time.monotonic() - began:5.1f} s", flush=True)
    lines = result.stdout.strip().splitlines() or [f"exit code {result.returncode}"]
    more = [f"... and {len(lines) - LINES_SHOWN} lines more"] if len(lines) > LINES_SHOWN else []
    return "\n".join([*lines[:LINES_SHOWN], *more]) if result.returncode else ""


def compare(schema: Path) -> str:
    """Return what to do when the API no longer is what its committed schema says."""
    if not schema.exists():
        return ""  # the check that makes it has failed and says so
    if SCHEMA.exists() and SCHEMA.read_text(encoding="utf-8") == schema.read_text(encoding="utf-8"):
        return ""
    return f"{SCHEMA.relative_to(PROJECT)} is not what the API is now. If the change is meant: make schema"


def main() -> int:
    """Run all checks and list what failed."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        schema = Path(folder) / "openapi.yaml"
        todo = checks(schema)
        said = {check.name: text for check, text in zip(todo, pool.map(outcome, todo), strict=True)}
        said["committed API schema"] = compare(schema)
    failures = {name: text for name, text in said.items() if text}
    for name, text in failures.items():
        print(f"\n--- {name} ---\n{text}")
    print(f"\n{len(failures)} of {len(said)} checks failed." if failures else f"All {len(said)} checks passed.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
