"""New leads of a part of a file: through a temporary table into all that a lead leaves, a statement for each.

The same columns, events, verdicts and memory as ``capture`` and ``judging`` write for one lead at a time.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from leads.rules.stages import LeadEventKind, Stage
from leads.services import judging
from leads.services.facts import TEXT_FACTS, email_facts
from leads.services.importing import memory
from leads.services.importing.context import Context, Row
from leads.services.importing.memory import CUSTOM, NAMED, Facts, Named
from leads.services.importing.result import EXAMPLES

_json = json.JSONEncoder(ensure_ascii=False).encode
_TABLE = "leads_newlead"
_REMEMBERED = "remembered"
_TEXTS = (*TEXT_FACTS, "email_domain")
_OF_ROW = (*_TEXTS, "is_free_mail", "custom", "captured_at", "qualified_at", _REMEMBERED)
"""What the row alone tells; ``remembered`` is for the next file."""
_COLUMNS = (*_OF_ROW, "external_id", "account_id", "campaign_id")


def line(*, said: Facts, beside: Facts, now: datetime) -> str:
    """What the row of a new lead alone tells of the columns of the table, and what is remembered of it, for COPY."""
    address = email_facts(said.get("email", ""))
    captured_at = said.get("captured_at") or said.get("qualified_at") or now
    plain = {name: memory.plain(value) for name, value in said.items()} | beside
    columns = [
        *(said.get(name, "") for name in TEXT_FACTS),
        address["email_domain"],
        address["is_free_mail"],
        _json({name.removeprefix(CUSTOM): value for name, value in said.items() if name.startswith(CUSTOM)}),
        captured_at,
        said.get("qualified_at"),
        _json(plain | {"captured_at": memory.plain(captured_at)}),
    ]
    written = io.StringIO(newline="")
    end = "\r\n"  # cells with either sign are quoted
    csv.writer(written, lineterminator=end).writerow(columns)  # None is an empty cell, NULL to COPY but in a text
    return written.getvalue().removesuffix(end)


@transaction.atomic
def store(rows: Sequence[Row], named: Named, context: Context) -> None:
    """Store the leads of these rows, judge those that are not history, and remember what the file said."""
    if not rows:
        return
    _fill(rows, named)
    judging.judge_unstored(table=_TABLE, now=context.now)
    values = _values(context)
    with connection.cursor() as cursor:
        for statement in (_LEADS, _EVENTS, _MEMORY):
            cursor.execute(statement, values)
        cursor.execute(_QUALIFIED)
        context.result.qualified += cursor.fetchone()[0]
        cursor.execute(_EXAMPLES, {"most": EXAMPLES})
        examples = cursor.fetchall()
    _show(examples, rows, context)


def _show(examples: Sequence[tuple[Any, ...]], rows: Sequence[Row], context: Context) -> None:
    """Keep some as examples, each with its verdict, if it has one."""
    by_id = {row.external_id: row for row in rows}
    for external_id, is_qualified, points, threshold in examples:
        row = by_id[external_id]
        verdict = None if points is None else {"points": points, "threshold": threshold}
        context.result.show("qualified" if is_qualified else "new", row.number, name=row.display_name, verdict=verdict)


def _fill(rows: Iterable[Row], named: Named) -> None:
    """Put the rows into the temporary table, and nothing else."""
    companies, campaigns = named["company"], {name: campaign.pk for name, campaign in named["campaign"].items()}
    lines = io.StringIO(newline="")
    here = csv.writer(lines)
    for row in rows:
        said = row.said
        lines.write(row.new + ",")
        company, campaign = said.get("company_name", ""), said.get("campaign", "")
        here.writerow((row.external_id, companies.get(company), campaigns.get(campaign)))
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
        cursor.copy_expert(
            f"COPY {_TABLE} ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({', '.join(_TEXTS)}))",
            lines,
        )


_MAKE = f"""
    CREATE TEMP TABLE IF NOT EXISTS {_TABLE} AS SELECT *, NULL::jsonb AS {_REMEMBERED} FROM leads_lead WITH NO DATA;
    ALTER TABLE {_TABLE} ALTER id SET DEFAULT nextval(pg_get_serial_sequence('leads_lead', 'id'));
    TRUNCATE {_TABLE};
"""  # noqa: S608 - our own names
_OWN = ", ".join(("id", "verdict_id", *(name for name in _COLUMNS if name != _REMEMBERED)))

_LEADS = f"""
    INSERT INTO leads_lead ({_OWN}, stage, source_system, created_by_id, created_at, updated_at)
    SELECT {_OWN}, coalesce(stage, CASE WHEN qualified_at IS NULL THEN %(first)s ELSE %(past)s END),
        %(system)s, %(actor)s, %(now)s, %(now)s
    FROM {_TABLE} ORDER BY id
"""  # noqa: S608 - our own names
"""History stands in a stage of its own, and what nobody judged where it begins."""

_EVENTS = f"""
    INSERT INTO leads_leadevent (lead_id, kind, old_stage, new_stage, actor_id, at, data)
    SELECT id, kind, old_stage, new_stage, %(actor)s, at, data FROM (
        SELECT 1 AS place, id, %(captured)s AS kind, '' AS old_stage, %(first)s AS new_stage, captured_at AS at,
            %(data)s::jsonb AS data
        FROM {_TABLE}
        UNION ALL
        SELECT 2, lead.id, %(qualified)s, %(first)s, coalesce(stage, %(past)s), qualified_at,
            CASE WHEN verdict_id IS NULL THEN %(data)s::jsonb
            ELSE jsonb_build_object('verdict', verdict_id, 'version', verdict.version_id) END
        FROM {_TABLE} AS lead LEFT JOIN leads_verdict AS verdict ON verdict.id = verdict_id
        WHERE qualified_at IS NOT NULL
    ) AS event
    ORDER BY id, place
"""  # noqa: S608 - our own names
"""Taken in, and in the same moment qualified where the file or the definition says so."""

_MEMORY = f"""
    INSERT INTO leads_importedrow (kind, source_system, external_id, made_by_id, facts)
    SELECT %(kind)s, %(system)s, external_id, %(job)s,
        {_REMEMBERED} || jsonb_strip_nulls(jsonb_build_object('{NAMED["campaign"]}', campaign_id))
    FROM {_TABLE} ORDER BY id
    ON CONFLICT (kind, source_system, external_id) DO UPDATE
    SET facts = EXCLUDED.facts, made_by_id = EXCLUDED.made_by_id
"""  # noqa: S608 - our own names

_EXAMPLES = " UNION ALL ".join(
    f"""(
        SELECT external_id, qualified_at IS NOT NULL, points, threshold
        FROM {_TABLE} AS lead LEFT JOIN leads_verdict AS verdict ON verdict.id = verdict_id
        WHERE qualified_at IS {which} ORDER BY lead.id LIMIT %(most)s
    )"""  # noqa: S608 - our own names
    for which in ("NOT NULL", "NULL")
)

_QUALIFIED = f"SELECT count(*) FROM {_TABLE} WHERE qualified_at IS NOT NULL"  # noqa: S608 - our own name


def _values(context: Context) -> dict[str, Any]:
    return {
        "captured": LeadEventKind.CAPTURED,
        "qualified": LeadEventKind.QUALIFIED,
        "first": Stage.CAPTURED,
        "past": Stage.PAST,
        "actor": context.actor.pk,
        "now": context.now,
        "kind": context.result.kind,
        "system": context.mapping.system,
        "data": _json({"import": context.result.file_name}),
        "job": context.job.pk,
    }
