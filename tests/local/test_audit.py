"""What `make audit` promises: silence is never called clean, and no secret of any time is missed."""

import os
import subprocess
import sys
import tomllib
from importlib import metadata

import django
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from alignment.local import audit, install, secret_scan
from alignment.local.servers import PROJECT

SKIPPED = {"name": "amqp", "skip_reason": "Dependency not found on PyPI and could not be audited: amqp (5.4.2)"}
SOUND = {"name": "babel", "version": "2.18.0", "vulns": []}
VULNERABLE = {
    "name": "django",
    "version": "5.2.1",
    "vulns": [{"id": "PYSEC-2025-47", "fix_versions": ["5.2.3"], "aliases": ["CVE-2025-48432"]}],
}
# What looks like a key of a cloud provider; put together here, so that no scan finds it in this file.
KEY = "AKIA" + "QX7ZP4M2LD9WV8RT"


def test_django_is_not_older_than_its_last_known_mend():
    """Advisory services lag behind releases; the floor in pyproject.toml does not."""
    assert django.VERSION >= (5, 2, 19)


def test_a_package_that_the_service_knows_a_fault_of_is_reported():
    said = audit.python_faults({"dependencies": [SOUND, VULNERABLE]})

    assert said == ["django 5.2.1: PYSEC-2025-47, mended in 5.2.3"]
    assert audit.python_faults({"dependencies": [SOUND]}) == []


@pytest.mark.parametrize("report", [{"dependencies": [SKIPPED]}, {"dependencies": []}, {"message": "no such host"}])
def test_a_service_that_answers_nothing_is_never_called_clean(report):
    (said,) = audit.python_faults(report)

    assert said.startswith("NOTHING WAS CHECKED: ")
    assert report.get("message", "") in said


def test_one_package_without_an_answer_is_named():
    assert audit.python_faults({"dependencies": [SOUND, SKIPPED]}) == ["not checked: amqp"]


def test_npm_is_held_to_the_same():
    vulnerable = {"vega": {"range": "<5.26.0", "severity": "high"}}

    assert audit.npm_faults({"auditReportVersion": 2, "vulnerabilities": {}}) == []
    assert audit.npm_faults({"auditReportVersion": 2, "vulnerabilities": vulnerable}) == ["vega <5.26.0: high"]
    assert audit.npm_faults({"message": "405 Method Not Allowed"}) == ["NOTHING WAS CHECKED: 405 Method Not Allowed"]


def test_a_program_that_breaks_off_is_quoted():
    broken = "import sys; print('half a li'); sys.exit('Traceback\\nConnectionError: no such host')"

    assert audit.answer([sys.executable, "-c", broken]) == {"message": "ConnectionError: no such host"}


def test_a_list_that_is_not_the_lock_says_where():
    said = audit.differences({("a", "1"), ("b", "2")}, {("a", "1"), ("b", "3")})

    assert said == ["listed, not locked: b 2", "locked, not listed: b 3"]


def test_production_locks_exactly_what_the_dependencies_need():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    todo = [(Requirement(text), "") for text in project["dependencies"]]
    needed = set()
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in {(canonicalize_name(requirement.name), extra) for extra in ("", *requirement.extras)} - needed:
            needed.add(wanted)
            todo += [(Requirement(text), wanted[1]) for text in metadata.requires(wanted[0]) or ()]

    assert {name for name, _version in audit.locked(audit.PRODUCTION_LOCK)} == {name for name, _extra in needed}


@pytest.mark.skipif(install.system_npm(audit.NPM_WITH_SBOM) is None, reason="npm is too old to list packages")
def test_the_list_of_npm_packages_is_what_is_locked(tmp_path):
    differences = audit.list_npm(tmp_path / "npm.cdx.json")

    listed = {name for name, _version in audit.components(tmp_path / "npm.cdx.json")}
    assert differences == []
    assert "@tabler/core" in listed
    assert "axe-core" not in listed  # of the tests


@pytest.fixture
def repository(tmp_path):
    """A repository whose last commit took away what the one before had brought, and a person's own git settings."""
    settings = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*words):
        who = ["-c", "user.name=Mai", "-c", "user.email=mai@example.com"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, env={**os.environ, **settings}, check=True)

    git("init", "--quiet")
    git("config", "diff.noprefix", "true")
    (tmp_path / "tests").mkdir()
    (tmp_path / "keys.py").write_text(f'AWS = "{KEY}"  # pragma: allowlist secret\nPASSWORD = "for-tests-only-"\n')
    (tmp_path / "tests" / "test_people.py").write_text(f'PASSWORD = "seven-small-boats"\nAWS = "{KEY}"\n')
    git("add", ".")
    git("commit", "--quiet", "--message", "Add")
    git("rm", "--quiet", "-r", ".")
    git("commit", "--quiet", "--message", "Remove")
    return tmp_path


def test_a_secret_is_found_after_it_was_removed_and_whatever_its_line_says(repository):
    found = secret_scan.secrets_in_history(repository)

    assert found == ["keys.py:1 AWS Access Key", "tests/test_people.py:2 AWS Access Key"]


@pytest.mark.skipif(not (PROJECT / ".git").exists(), reason="not a clone")
def test_the_history_of_this_project_holds_no_secret():
    assert secret_scan.secrets_in_history(PROJECT) == []


def test_what_is_no_secret_says_why():
    assert all(reason.strip() for reason in secret_scan.not_secrets().values())
