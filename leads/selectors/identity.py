"""Leads by the ids that other tools know them by."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.db.models.functions import Coalesce

from leads.models import Lead

ForeignId = tuple[str, str]
"""The name of a tool, and an id there."""

_SQL = """
    WITH asked AS (SELECT * FROM unnest(%s::text[], %s::text[]) AS asked (system, id)),
    known AS (
        SELECT system, asked.id, lead.id AS lead FROM asked
        JOIN leads_lead AS lead ON lead.source_system = system AND lead.external_id = asked.id
        UNION ALL
        SELECT system, asked.id, further.lead_id FROM asked
        JOIN leads_externalid AS further ON further.source_system = system AND further.external_id = asked.id
    )
    SELECT system, known.id, coalesce(lead.merged_into_id, lead.id) FROM known JOIN leads_lead AS lead ON lead.id = lead
    WHERE lead.taken_back_by_id IS NULL
"""


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
