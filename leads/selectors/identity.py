"""Leads by the ids that other tools know them by."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.db.models.functions import Coalesce

from leads.models import Lead

ForeignId = tuple[str, str]
"""The name of a tool, and an id there."""

_SQL = """
    SELECT system, asked.id, coalesce(lead.merged_into_id, lead.id)
    FROM unnest(%s::text[], %s::text[]) AS asked (system, id)
    CROSS JOIN LATERAL (
        (SELECT own.id FROM leads_lead AS own WHERE own.source_system = system AND own.external_id = asked.id LIMIT 1)
        UNION ALL
        (
            SELECT lead_id FROM leads_externalid AS further
            WHERE further.source_system = system AND further.external_id = asked.id LIMIT 1
        )
    ) AS known (lead)
    CROSS JOIN LATERAL (SELECT * FROM leads_lead WHERE leads_lead.id = known.lead LIMIT 1) AS lead
    WHERE lead.taken_back_by_id IS NULL
"""
"""Each id by itself, and so by index: a plan that joins reads all leads for a few of them."""


def leads_known_as(ids: Collection[ForeignId]) -> dict[ForeignId, int]:
    """The lead that each of these ids stands for; of one that became part of another, the other (one query).

    An id of a lead that was taken back is nobody's.
    """
    if not ids:
        return {}
    systems, foreign = zip(*ids, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [list(systems), list(foreign)])
        return {(system, one): lead for system, one, lead in cursor.fetchall()}


def standing_for(lead_ids: Collection[int]) -> dict[int, int]:
    """The lead that each of our own ids stands for: itself, or the one that it became part of (one query)."""
    if not lead_ids:
        return {}
    found = Lead.everything.filter(pk__in=lead_ids).annotate(standing=Coalesce("merged_into", "pk"))
    return dict(found.values_list("pk", "standing"))
