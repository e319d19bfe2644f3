"""What the tests of imports share."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest

from alignment.accounts.models import User
from leads.services.importing import ImportResult, run_import


@pytest.fixture
def take(aoi: User, now: datetime) -> Any:
    """Import a text as this kind by this mapping."""

    def run(kind: str, text: str | bytes, mapping: dict[str, Any], **options: Any) -> ImportResult:
        file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
        return run_import(
            kind=kind,
            file=file,
            file_name="file.csv",
            mapping=mapping,
            **{"actor": aoi, "now": now} | options,
        )

    return run
