"""The account PostgreSQL runs as when we are root, and the folders that account can reach."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment.local.processes import LocalError

TESTS = {os.R_OK: "r", os.X_OK: "x"}
# Only root uses these: they are its own, and others may walk through but not list or write.
SHARED_FOLDERS = (Path("/var/lib/alignment-local"), Path("/var/tmp/alignment-local"))  # noqa: S108 - owner is checked


@dataclass(frozen=True)
class Account:
    """Whom the server runs as: PostgreSQL refuses root."""

    uid: int
    gid: int

    def options(self) -> dict[str, Any]:
        """Return the arguments for subprocess that change to this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if os.geteuid() == 0 else {}

    def may(self, path: Path, mode: int) -> bool:
        """Tell by trying whether this account reaches `path`."""
        if os.geteuid() != 0:
            return os.access(path, mode)
        question = ["/bin/sh", "-c", f'test -{TESTS[mode]} "$1"', "sh", str(path)]
        try:
            return subprocess.run(question, check=False, **self.options()).returncode == 0
        except OSError:
            return False  # inside a container that knows no account but root


def account() -> Account:
    """Return the current user, or for root an unprivileged one that exists everywhere."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for name in ("nobody", "postgres", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LocalError("PostgreSQL does not run as root, and this machine has no user nobody, postgres or daemon.")


def shared_folder(owner: Account) -> Path:
    """Return a folder outside private homes that `owner` can walk through; only root needs one."""
    for folder in SHARED_FOLDERS:
        try:
            folder.mkdir(exist_ok=True)
        except OSError:
            continue
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            continue  # somebody else's: the second one lies where everybody may write
        folder.chmod(0o711)  # whatever the umask says
        if owner.may(folder, os.X_OK):
            return folder
    raise LocalError(
        "PostgreSQL does not run as root, and its unprivileged user can't reach this folder. "
        "Move the project to a folder that everybody may enter, or run as a normal user."
    )


def public_copy(parts: Mapping[str, Path], name: str, owner: Account) -> Path:
    """Return a copy of some folders that everybody may read; made once, whole or not at all."""
    copy = shared_folder(owner) / name
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=copy.parent) as private:
            draft = Path(private) / name
            for place, source in parts.items():
                shutil.copytree(source, draft / place, symlinks=True)
            for path in (draft, *draft.rglob("*")):
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
            draft.rename(copy)
    return copy
