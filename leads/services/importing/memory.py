"""What the files said before. A later file writes only what it says otherwise, and nothing over what people did here.

Facts go by name: a column of the record, a name that stands for another record (``NAMED``), or ``custom.`` and the
header of a column that the mapping keeps.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from leads.models import Account, Campaign, Deal, ImportedRow, Lead
from leads.rules.matching import Evidence
from leads.selectors.timeline import fact_label
from leads.services.importing.context import BATCH, Context, Row
from leads.services.snapshots import COST

Facts = dict[str, Any]
Record = Lead | Deal | Account | Campaign
Named = dict[str, dict[str, Any]]
"""Per kind of thing, the records by the names that files give them."""
CUSTOM = "custom."
COSTS = "costs"
"""Remembered of a campaign: what the files said of its costs, by month."""
NAMED = {
    "campaign": "campaign_id",
    "owner": "owner_id",
    "account": "account_id",
    "lead": "lead_id",
    "parent": "parent_id",
}


@dataclass
class Change:
    """What becomes of a row: ``record`` (None: to be made), the facts to write, and what is remembered of the row.

    ``evidence``: why the row is this record, where it was not known by its id.
    """

    row: Row
    record: Any
    write: Facts
    before: Facts
    after: Facts
    is_new: bool = False
    evidence: Evidence | None = None


def recall(rows: Iterable[Row], context: Context) -> dict[str, Facts]:
    """What earlier files said, by external id."""
    sql = """
        SELECT external_id, facts FROM leads_importedrow
        WHERE kind = %s AND source_system = %s AND external_id = ANY(%s)
    """  # one parameter for all ids: thousands of them take the ORM longer than PostgreSQL
    with connection.cursor() as cursor:
        cursor.execute(sql, [context.result.kind, context.mapping.system, [row.external_id for row in rows]])
        return {external_id: json.loads(facts) for external_id, facts in cursor.fetchall()}


def remember(changes: Sequence[Change], context: Context) -> None:
    """Keep what this file said, for the next one."""
    ImportedRow.objects.bulk_create(
        [
            ImportedRow(
                kind=context.result.kind,
                source_system=context.mapping.system,
                external_id=change.row.external_id,
                facts=change.after,
                made_by=context.job if change.is_new and context.job.pk else None,
            )
            for change in changes
            if change.is_new or change.after != change.before
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["kind", "source_system", "external_id"],
        update_fields=["facts"],
    )


def without(facts: Facts, columns: Collection[str], *, was: Facts) -> Facts:
    """What is remembered once these columns of a snapshot are put back: of them what it ``was``, and else the same."""
    names = {name for name in {**facts, **was} if NAMED.get(name, name) in columns}
    kept = {name: value for name, value in facts.items() if name not in names}
    kept |= {name: was[name] for name in names & was.keys()}
    if months := {column.removeprefix(COST) for column in columns if column.startswith(COST)}:
        kept[COSTS] = without(facts.get(COSTS, {}), months, was=was.get(COSTS, {}))
    return kept


def compare(row: Row, said: Facts, record: Record | None, before: Facts, context: Context) -> Change:
    """What a row says otherwise than the files before it; a blank says nothing.

    A value that somebody changed here since stays as it is, with a warning.
    """
    said = {name: value for name, value in said.items() if value not in (None, "")}
    if record is None:
        return Change(
            row, None, said, before, before | {name: plain(value) for name, value in said.items()}, is_new=True
        )
    change = Change(row, record, {}, before, dict(before))
    for name, value in said.items():
        stands = standing(record, name)
        if name in NAMED and words(getattr(record, name)) == value:
            change.after |= {name: value, NAMED[name]: stands}
        elif name not in NAMED and says_nothing_new(name, value, stands):
            change.after[name] = plain(stands)
        elif plain(stands) != before.get(NAMED.get(name, name)):
            change.after[name] = plain(value)
            if not _is_known_under_another_id(change, context):
                _warn_of_a_change_here(change, name, value, context)
        elif plain(value) != before.get(name):
            change.after[name] = plain(value)
            change.write[name] = value
    return change


def standing(record: Record, name: str) -> Any:
    """What the record holds under this name now."""
    if name.startswith(CUSTOM) and isinstance(record, Lead | Deal):
        return record.custom.get(name.removeprefix(CUSTOM))
    return getattr(record, NAMED.get(name, name))


def apply(change: Change, named: Named) -> dict[str, list[Any]]:
    """Write the facts into the record (unsaved) and return ``{name: [old, new]}`` for its event, in words."""
    record, told = change.record, {}
    for name, value in change.write.items():
        old = words(getattr(record, name)) if name in NAMED else plain(standing(record, name))
        if name.startswith(CUSTOM):
            record.custom = {**record.custom, name.removeprefix(CUSTOM): value}
        else:
            setattr(record, name, named[name].get(value) if name in NAMED else value)
        if name in NAMED:
            change.after[NAMED[name]] = getattr(record, NAMED[name])
        new = words(getattr(record, name)) if name in NAMED else plain(value)
        if old != new:
            told[name] = [old, new]
    return told


def columns_of(names: Iterable[str]) -> set[str]:
    """The columns of the facts of these names."""
    return {"custom" if name.startswith(CUSTOM) else NAMED.get(name, name) for name in names}


def custom_facts(custom: dict[str, str]) -> Facts:
    """What the mapping keeps, as facts."""
    return {f"{CUSTOM}{name}": value for name, value in custom.items()}


def plain(value: Any) -> Any:
    """A value in the form in which it is remembered and told; a blank is None."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return None if value == "" else value


def moment(told: str) -> datetime:
    """A moment as it was remembered."""
    return datetime.fromisoformat(told)


def words(record: Any) -> str | None:
    """How people call another record."""
    if record is None:
        return None
    return str(record.display_name if isinstance(record, Lead) else getattr(record, "full_name", "") or record.name)


def says_nothing_new(name: str, value: Any, stands: Any) -> bool:
    """The same as what stands there, or the same less exactly: spreadsheets drop seconds and last zeros."""
    if stands is None:
        return False
    if isinstance(value, datetime) and isinstance(stands, datetime):
        there = stands.astimezone(value.tzinfo)
        minute = there.replace(second=0, microsecond=0)
        return value in (there, minute, minute.replace(hour=0, minute=0))
    if name.startswith(CUSTOM) and isinstance(value, str):
        known = str(stands)
        return value in (known, _without_last_zeros(known)) or known.lower() == value.lower() in ("true", "false")
    return bool(value == stands)


def _without_last_zeros(number: str) -> str:
    whole, point, places = number.partition(".")
    if not (point and whole.removeprefix("-").isdigit() and places.isdigit()):
        return number
    return f"{whole}.{places.rstrip('0')}".rstrip(".")


def _is_known_under_another_id(change: Change, context: Context) -> bool:
    """Whether what stands may have been said by the row or the tool that has the lead's own id, and not by people."""
    record = change.record
    own = (context.mapping.system, change.row.external_id)
    return isinstance(record, Lead) and (record.source_system, record.external_id) != own


def _warn_of_a_change_here(change: Change, name: str, value: Any, context: Context) -> None:
    here = words(getattr(change.record, name)) if name in NAMED else standing(change.record, name)
    message = _("“%(field)s” was changed here and stays “%(here)s”; the file says “%(file)s”.")
    label = fact_label(type(change.record), name)
    said = {"field": label, "here": _shown(here, context), "file": _shown(value, context)}
    context.result.warn(change.row.number, "changed_here", message % said)


def _shown(value: Any, context: Context) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(context.zone):%Y-%m-%d %H:%M}"
    return str(plain(value) or "")[:100]
