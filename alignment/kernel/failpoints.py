"""Named places where a test may make the process fail; does nothing unless a test says so."""

from __future__ import annotations

import os
import signal
import sys

from django.conf import settings


def failpoint(name: str) -> None:
    """Die here, as by ``kill -9``, when the environment's ``FAILPOINT`` names this place (test settings only)."""
    if getattr(settings, "FAILPOINTS_ENABLED", False) and os.environ.get("FAILPOINT") == name:
        sys.stderr.write(f"failpoint {name}\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)
