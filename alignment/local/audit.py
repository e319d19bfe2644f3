"""`make audit [SBOM=folder]`: known vulnerabilities, the list of what production is made of, secrets in the history.

All of it runs, then what is wrong is listed. A service that does not answer is a fault too: nothing was checked then.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from alignment.local import install
from alignment.local.secret_scan import secrets_in_history

PROJECT = install.PROJECT
AUDIT_LOCK = PROJECT / "requirements-audit.lock"
PRODUCTION_LOCK = PROJECT / "requirements-prod.lock"
TOOLS = PROJECT / ".local" / "audit"
PRODUCTION = PROJECT / ".local" / "production"  # what the image holds, made by every audit anew
NPM_WITH_SBOM = 11

Packages = set[tuple[str, str]]
"""Name and version."""


def main(folder: Path) -> int:
    """Run every part, write the lists of packages into a folder, and say what is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    if install.read(TOOLS / ".installed") != install.checksum(AUDIT_LOCK):
        make_venv(TOOLS, AUDIT_LOCK)
        (TOOLS / ".installed").write_text(install.checksum(AUDIT_LOCK))
    parts: dict[str, Callable[[], list[str]]] = {
        "known vulnerabilities, Python": python_vulnerabilities,
        "known vulnerabilities, npm": npm_vulnerabilities,
        "list of packages, Python": partial(list_python, folder / "python.cdx.json"),
        "list of packages, npm": partial(list_npm, folder / "npm.cdx.json"),
        "secrets in the history": partial(secrets_in_history, PROJECT),
    }
    faults = {}
    for name, part in parts.items():
        faults[name] = part()
        print(f"{name:<30} {'FAILED' if faults[name] else 'ok'}", flush=True)
    for name, lines in faults.items():
        if lines:
            print("\n".join([f"\n--- {name} ---", *lines]))
    print(f"\nThe lists of packages (CycloneDX) are in {folder}.")
    return 1 if any(faults.values()) else 0


def python_vulnerabilities(lock: Path = PRODUCTION_LOCK) -> list[str]:
    """Ask the advisory service about a lock file; return what it knows, or that it could not be asked."""
    options = ("--require-hashes", "--disable-pip", "--format", "json", "--desc", "off", "--progress-spinner", "off")
    return python_faults(answer([TOOLS / "bin" / "pip-audit", "--requirement", lock, *options]))


def python_faults(report: dict[str, Any]) -> list[str]:
    """Return what a report of pip-audit says. It calls packages that it got no answer about skipped, and succeeds."""
    packages = report.get("dependencies", [])
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if len(skipped) == len(packages):
        return [f"NOTHING WAS CHECKED: {report.get('message') or 'the advisory service answered for no package'}"]
    return [f"not checked: {name}" for name in skipped] + [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", [])
    ]


def npm_vulnerabilities() -> list[str]:
    """Ask npm's advisory service about package-lock.json; return what it knows, or that it could not be asked."""
    npm, variables = npm_command()
    return npm_faults(answer([*npm, "audit", "--package-lock-only", "--omit", "dev", "--json"], variables))


def npm_faults(report: dict[str, Any]) -> list[str]:
    """Return what a report of npm says."""
    if "auditReportVersion" not in report:
        return [f"NOTHING WAS CHECKED: {report.get('message') or 'the advisory service did not answer'}"]
    return [f"{name} {fault['range']}: {fault['severity']}" for name, fault in report["vulnerabilities"].items()]


def answer(command: install.Command, variables: dict[str, str] | None = None) -> dict[str, Any]:
    """Run a program that prints JSON, whatever its exit code; without JSON, return the end of what it said instead."""
    result = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(result.stdout)
    except ValueError:
        return {"message": (result.stderr.strip().splitlines() or [f"exit code {result.returncode}"])[-1]}
    return report


def list_python(file: Path) -> list[str]:
    """Install the production lock file as the image does, write what is there; return how it differs from the lock."""
    make_venv(PRODUCTION, PRODUCTION_LOCK)
    program = TOOLS / "bin" / "cyclonedx-py"
    about: install.Command = ["--pyproject", PROJECT / "pyproject.toml", "--output-reproducible", "--output-file", file]
    install.run([program, "environment", *about, PRODUCTION / "bin" / "python"], install.environment())
    listed = {(str(canonicalize_name(name)), version) for name, version in components(file)}
    return differences(listed, locked(PRODUCTION_LOCK))


def list_npm(file: Path) -> list[str]:
    """Write what package-lock.json brings to production; return how it differs from the lock."""
    npm, variables = npm_command()
    command = [*npm, "sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--omit", "dev"]
    file.write_text(json.dumps(answer(command, variables), indent=2))
    return differences(components(file), locked_npm(install.PACKAGE_LOCK))


def components(file: Path) -> Packages:
    """Return the packages that a CycloneDX file lists."""
    listed = json.loads(file.read_text()).get("components", [])
    return {(package["name"], package["version"]) for package in listed}


def locked(lock: Path) -> Packages:
    """Return what a requirements file pins for this machine and Python."""
    lines = [Requirement(line.rstrip(" \\")) for line in lock.read_text().splitlines() if line[:1].isalnum()]
    return {
        (pin.name, next(iter(pin.specifier)).version) for pin in lines if pin.marker is None or pin.marker.evaluate()
    }


def locked_npm(lock: Path) -> Packages:
    """Return what a package-lock.json pins for production."""
    entries = json.loads(lock.read_text())["packages"].items()
    return {
        (path.rpartition("node_modules/")[2], entry["version"])
        for path, entry in entries
        if path and not entry.get("dev")
    }


def differences(found: Packages, wanted: Packages) -> list[str]:
    """Return what one list has and the other lacks."""
    return [
        *(f"listed, not locked: {name} {version}" for name, version in sorted(found - wanted)),
        *(f"locked, not listed: {name} {version}" for name, version in sorted(wanted - found)),
    ]


def make_venv(folder: Path, lock: Path) -> None:
    """Make a virtual environment that holds a lock file's packages and nothing else, every file checked by its hash."""
    uv = install.VENV / "bin" / "uv"
    install.run([uv, "venv", "--quiet", "--clear", "--python", install.PYTHON, folder], install.environment())
    python = folder / "bin" / "python"
    install.run([uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock], install.environment())


def npm_command() -> tuple[install.Command, dict[str, str]]:
    """Return an npm that can list packages: the machine's own or the one in a wheel."""
    return install.system_npm(NPM_WITH_SBOM) or install.bundled_npm()


if __name__ == "__main__":
    try:
        sys.exit(main(Path(*sys.argv[1:])))
    except install.InstallError as error:
        sys.exit(f"alignment: {error}")
