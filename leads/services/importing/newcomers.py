"""New leads of a part of a file: through a temporary table into all that a lead leaves, a statement for each.

The same columns, events, verdicts and memory as ``capture`` and ``judging`` write for one lead at a time.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from leads.rules.stages import LeadEventKind, Stage
from leads.services import judging
from leads.services.facts import TEXT_FACTS, email_facts
from leads.services.importing import memory
from leads.services.importing.context import Context
from leads.services.importing.memory import CUSTOM, NAMED, Change, Named

_TABLE = "leads_newlead"
_REMEMBERED = "remembered"
_COLUMNS = (
    "id",
    *TEXT_FACTS,
    "email_domain",
    "is_free_mail",
    "account_id",
    "campaign_id",
    "custom",
    "stage",
    "captured_at",
    "qualified_at",
    "source_system",
    "external_id",
    "created_by_id",
    "created_at",
    "updated_at",
)
_TEXTS = (*TEXT_FACTS, "email_domain")


@transaction.atomic
def store(changes: Sequence[Change], named: Named, context: Context) -> None:
    """Store the leads that these changes make, judge those that are not history, and remember what the file said."""
    if not changes:
        return
    ids = _ids(len(changes))
    _fill(_row(change, pk, named, context) for change, pk in zip(changes, ids, strict=True))
    judging.judge_unstored(table=_TABLE, now=context.now)
    with connection.cursor() as cursor:
        cursor.execute(_LEADS)
        cursor.execute(_EVENTS, _event_values(context))
        cursor.execute(_MEMORY, {"kind": context.result.kind})


def _ids(count: int) -> list[int]:
    sql = "SELECT nextval(pg_get_serial_sequence('leads_lead', 'id')) FROM generate_series(1, %s)"
    with connection.cursor() as cursor:
        cursor.execute(sql, [count])
        return [pk for (pk,) in cursor.fetchall()]


def _row(change: Change, pk: int, named: Named, context: Context) -> list[Any]:
    """The columns of a new lead, then what is remembered of its row."""
    said, after = change.write, change.after
    account = named["company"].get(said.get("company_name", ""))
    campaign = named["campaign"].get(said.get("campaign", ""))
    captured_at = said.get("captured_at") or said.get("qualified_at") or context.now
    after["captured_at"] = memory.plain(captured_at)
    if campaign:
        after[NAMED["campaign"]] = campaign.pk
    values = {name: said.get(name, "") for name in TEXT_FACTS} | email_facts(said.get("email", ""))
    values |= {
        "id": pk,
        "account_id": account and account.pk,
        "campaign_id": campaign and campaign.pk,
        "custom": _json({name.removeprefix(CUSTOM): said[name] for name in said if name.startswith(CUSTOM)}),
        "stage": Stage.PAST if "qualified_at" in said else Stage.CAPTURED,
        "captured_at": captured_at,
        "qualified_at": said.get("qualified_at"),
        "source_system": context.mapping.system,
        "external_id": change.row.external_id,
        "created_by_id": context.actor.pk,
        "created_at": context.now,
        "updated_at": context.now,
    }
    return [*(values[name] for name in _COLUMNS), _json(after)]


def _fill(rows: Iterable[list[Any]]) -> None:
    """Put the rows into the temporary table, and nothing else."""
    lines = io.StringIO(newline="")
    csv.writer(lines).writerows(rows)  # None becomes an empty cell, which COPY reads as NULL but in a text
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS {_TABLE} (LIKE leads_lead INCLUDING DEFAULTS, {_REMEMBERED} jsonb)"
        )
        cursor.execute(f"TRUNCATE {_TABLE}")
        cursor.copy_expert(
            f"COPY {_TABLE} ({', '.join(_COLUMNS)}, {_REMEMBERED}) FROM STDIN"
            f" (FORMAT csv, FORCE_NOT_NULL ({', '.join(_TEXTS)}))",
            lines,
        )
        cursor.execute(f"ANALYZE {_TABLE}")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_STORED = ", ".join((*_COLUMNS, "verdict_id"))
_LEADS = f"INSERT INTO leads_lead ({_STORED}) SELECT {_STORED} FROM {_TABLE} ORDER BY id"  # noqa: S608 - our own names

_EVENTS = f"""
    INSERT INTO leads_leadevent (lead_id, kind, old_stage, new_stage, actor_id, at, data)
    SELECT id, %(captured)s, '', %(first)s, %(actor)s, captured_at, %(data)s::jsonb FROM {_TABLE}
    UNION ALL
    SELECT id, %(qualified)s, %(first)s, stage, %(actor)s, qualified_at,
        CASE WHEN verdict_id IS NULL THEN %(data)s::jsonb
        ELSE jsonb_build_object('verdict', verdict_id, 'version', %(version)s) END
    FROM {_TABLE} WHERE qualified_at IS NOT NULL
    ORDER BY id
"""  # noqa: S608 - our own names
"""Taken in, and in the same moment qualified where the file or the definition says so."""

_MEMORY = f"""
    INSERT INTO leads_importedrow (kind, source_system, external_id, facts)
    SELECT %(kind)s, source_system, external_id, {_REMEMBERED} FROM {_TABLE} ORDER BY id
    ON CONFLICT (kind, source_system, external_id) DO UPDATE SET facts = EXCLUDED.facts
"""  # noqa: S608 - our own names


def _event_values(context: Context) -> dict[str, Any]:
    version = judging.version_in_force()
    return {
        "captured": LeadEventKind.CAPTURED,
        "qualified": LeadEventKind.QUALIFIED,
        "first": Stage.CAPTURED,
        "actor": context.actor.pk,
        "data": _json({"import": context.result.file_name}),
        "version": version and version.pk,
    }
