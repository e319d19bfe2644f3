"""Bring your own past: files become leads and deals through the same rules and events as live work, set-based."""

from leads.services.importing.engine import run_import
from leads.services.importing.result import ImportResult

__all__ = ["ImportResult", "run_import"]
