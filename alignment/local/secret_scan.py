"""Whether the history of a repository holds a secret: detect-secrets reads every line that was ever added."""

import subprocess
import tomllib
from pathlib import Path

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.scan import scan_diff
from detect_secrets.plugins.keyword import KeywordDetector
from detect_secrets.settings import default_settings

NOT_SECRETS = Path(__file__).with_name("not_secrets.toml")
# Every change of every branch in one form, whatever a person's git is set to.
LOG = (
    *("git", "log", "--all", "-m", "--patch", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--no-renames", "--src-prefix=a/", "--dst-prefix=b/"),
)
# A file that is gone by now is read too, and a line can't excuse itself: what is harmless stands in NOT_SECRETS.
LEFT_OUT = ("detect_secrets.filters.common.is_invalid_file", "detect_secrets.filters.allowlist.is_line_allowlisted")


def secrets_in_history(repository: Path) -> list[str]:
    """Return where something looks like a secret and is not known to be harmless: file, line then, kind."""
    history = subprocess.run(LOG, cwd=repository, capture_output=True, encoding="utf-8", errors="replace", check=True)
    harmless = not_secrets()
    with default_settings() as settings:
        settings.filters["detect_secrets.filters.common.is_baseline_file"] = {"filename": NOT_SECRETS.name}
        settings.disable_filters(*LEFT_OUT)
        found = {
            f"{secret.filename}:{secret.line_number} {secret.type}"
            for secret in scan_diff(history.stdout)
            if secret.secret_value not in harmless and not _made_up(secret)
        }
    return sorted(found)


def _made_up(secret: PotentialSecret) -> bool:
    """Tell whether only the name of a variable in a test speaks for a secret: people of tests have passwords too."""
    return secret.type == KeywordDetector.secret_type and secret.filename.startswith("tests/")


def not_secrets() -> dict[str, str]:
    """Return what looks like a secret and is none, with the reason."""
    return tomllib.loads(NOT_SECRETS.read_text(encoding="utf-8"))
