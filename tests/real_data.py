"""Real data sets that lie beside the project on some machines; tests that need them skip where they are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"

needs_olist = pytest.mark.skipif(
    not (FOLDER / "olist" / "mql.csv").exists(),
    reason="the Olist data set is not on this machine (../shared/data/olist)",
)
needs_maven = pytest.mark.skipif(
    not (FOLDER / "maven" / "sales_pipeline.csv").exists(),
    reason="the Maven data set is not on this machine (../shared/data/maven)",
)
needs_japan = pytest.mark.skipif(
    not (FOLDER / "japan").exists(), reason="the Japanese files are not on this machine (../shared/data/japan)"
)
needs_csv_spectrum = pytest.mark.skipif(
    not (FOLDER / "csv-spectrum").exists(), reason="csv-spectrum is not on this machine (../shared/data/csv-spectrum)"
)

needs_crm_samples = pytest.mark.skipif(
    not (FOLDER / "crm-samples").exists(), reason="the CRM samples are not on this machine (../shared/data/crm-samples)"
)

OLIST_LEADS = {
    "system": "olist",
    "columns": {
        "mql_id": "external_id",
        "first_contact_date": {"field": "qualified_at", "format": "%Y-%m-%d"},
        "landing_page_id": "landing_page",
        "origin": "source",
    },
    "unmapped": "keep",
}
OLIST_DEALS = {
    "system": "olist",
    "columns": {
        "mql_id": "lead_external_id",
        "seller_id": "external_id",
        "sr_id": "owner",
        "won_date": {"field": "won_at", "format": "%Y-%m-%d %H:%M:%S"},
        "business_segment": "product",
    },
    "unmapped": "keep",
}
MAVEN_DEALS = {
    "system": "maven",
    "columns": {
        "opportunity_id": "external_id",
        "sales_agent": "owner",
        "product": "product",
        "account": "account",
        "deal_stage": "stage",
        "engage_date": "opened_at",
        "close_date": "closed_at",
        "close_value": "amount",
    },
}
