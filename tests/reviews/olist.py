"""The history of a real company, straight into the tables: 8,000 leads and what became of them."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alignment.accounts.models import User
from leads.models import Deal, Lead

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "olist"


def load(*, by: User, zone: ZoneInfo) -> None:
    """Leads qualify when they are captured; deals are won at the wall-clock time of the file. Skips without it."""
    if not (FOLDER / "mql.csv").exists():
        pytest.skip(f"the public data set is not at {FOLDER}")
    leads = [
        Lead(
            source_system="olist",
            external_id=row["mql_id"],
            source=row["origin"],
            landing_page=row["landing_page_id"],
            captured_at=at,
            qualified_at=at,
            stage="qualified",
            created_by=by,
            created_at=at,
            updated_at=at,
        )
        for row in _rows("mql.csv")
        for at in [datetime.strptime(row["first_contact_date"], "%Y-%m-%d").replace(tzinfo=zone)]
    ]
    Lead.objects.bulk_create(leads, batch_size=1000)
    by_id = {lead.external_id: lead for lead in leads}
    Deal.objects.bulk_create(
        Deal(
            source_system="olist",
            external_id=row["seller_id"],
            lead=by_id[row["mql_id"]],
            opened_at=at,
            won_at=at,
            created_by=by,
            created_at=at,
        )
        for row in _rows("closed_deals.csv")
        for at in [datetime.strptime(row["won_date"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)]
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
