"""The records behind a figure, in one shape whatever they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from handoff.models import Handoff
from leads.models import Deal, Lead
from reviews.kpis.kpi import Kpi, Part
from reviews.kpis.scope import Scope

RELATED: dict[type[Any], tuple[str, ...]] = {
    Lead: ("owner", "campaign"),
    Handoff: ("lead__campaign", "offered_to", "decided_by"),
    Deal: ("lead__campaign", "owner", "account"),
}


@dataclass(frozen=True)
class Row:
    """One record: what it is, whose, and when and how much it counts. ``lead_id`` is None for a deal without a lead."""

    kind: str
    id: int
    lead_id: int | None
    label: str
    company: str
    source: str
    campaign: str
    owner: str
    at: datetime | None
    captured_at: datetime | None
    value: float | None


def rows_behind(*, kpi: Kpi, scope: Scope, part: Part | None = None) -> QuerySet[Any]:
    """The records of a figure (by default of its numerator), newest first: as many as the figure says."""
    rows = kpi.rows(part)
    return rows.listing(scope).select_related(*RELATED[rows.model])


def as_row(record: Lead | Handoff | Deal) -> Row:
    """Show a record that ``rows_behind`` brought."""
    lead = record if isinstance(record, Lead) else record.lead
    owner = record.offered_to or record.decided_by if isinstance(record, Handoff) else record.owner
    return Row(
        kind=type(record).__name__.lower(),
        id=record.pk,
        lead_id=lead.pk if lead else None,
        label=_label(record, lead),
        company=_company(record, lead),
        source=lead.source if lead else "",
        campaign=lead.campaign.name if lead and lead.campaign else "",
        owner=owner.full_name if owner else "",
        at=getattr(record, "moment", None),
        captured_at=lead.captured_at if lead else None,
        value=getattr(record, "value_seen", None),
    )


def _label(record: Lead | Handoff | Deal, lead: Lead | None) -> str:
    if isinstance(record, Deal) and record.name:
        return record.name
    return lead.display_name if lead else f"#{record.pk}"


def _company(record: Lead | Handoff | Deal, lead: Lead | None) -> str:
    if isinstance(record, Deal) and record.account:
        return record.account.name
    return lead.company_name if lead else ""
