"""Judges leads by the version in force: one SQL statement answers every criterion for one lead and for thousands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django.db import connection, transaction
from django.db.models.sql.datastructures import BaseTable

from alignment.accounts.models import User
from alignment.kernel.locks import locked_all
from leads.models import Criterion, DefinitionVersion, Lead, LeadEvent, Verdict
from leads.querysets import LeadQuerySet, compile_condition, seen_value, truth
from leads.rules.conditions import leaves, parse
from leads.rules.stages import JUDGED_STAGES, LeadEventKind, Stage
from leads.selectors.vocabulary import known

BATCH = 2000
WRITTEN = ("verdict", "stage", "qualified_at", "updated_at")
"""The columns of a lead that follow from judging it."""


Answered = tuple[int, int, bool, str]
"""A lead's id, its points, whether a disqualifier holds, and as JSON the answers to every criterion."""


def version_in_force() -> DefinitionVersion | None:
    """The version that binds both sides now."""
    return DefinitionVersion.objects.filter(status=DefinitionVersion.Status.IN_FORCE).order_by("definition_id").first()


def judge(*, lead_ids: Sequence[int], now: datetime, actor: User | None = None) -> dict[int, Verdict]:
    """Judge these leads and return each one's verdict by lead id; nobody is judged while no version is in force.

    A verdict is written when it differs from the lead's last one. A captured lead that qualifies becomes an MQL, one
    that no longer does goes back, also where only its stage was not what its verdict says. ``qualified_at`` keeps the
    first time for ever. Leads are locked in order of id.
    """
    found = judged(lead_ids=lead_ids, now=now, actor=actor)
    return {pk: lead.verdict for pk, lead in found.items() if lead.verdict is not None}


@transaction.atomic
def judged(*, lead_ids: Sequence[int], now: datetime, actor: User | None = None) -> dict[int, Lead]:
    """The same, but return the leads themselves as they stand afterwards, by id; none while no version is in force."""
    version = version_in_force()
    if version is None:
        return {}
    criteria = list(version.criteria.order_by("position", "pk"))
    leads: dict[int, Lead] = {}
    ids = sorted(lead_ids)
    for start in range(0, len(ids), BATCH):
        leads |= _judge_batch(ids[start : start + BATCH], version, criteria, now, actor)
    return leads


def judge_unstored(*, table: str, now: datetime) -> None:
    """Judge the leads of a temporary ``table`` that are about to be stored, all in one statement.

    It has the columns of the leads' own; those that are history (qualified before) are left alone. The verdicts are
    written, and in the table what follows from each: its id, the stage, and when the lead qualified. Such leads have
    nothing beside their row yet, no touches.
    """
    version = version_in_force()
    if version is None:
        return
    criteria = list(version.criteria.order_by("position", "pk"))
    asked = _standing_in(table).filter(qualified_at=None)
    answered, params = _answered(asked, criteria, now)
    sql = f"""
        WITH verdict AS (
            INSERT INTO leads_verdict
                (lead_id, version_id, judged_at, points, threshold, is_disqualified, is_qualified, answers)
            SELECT lead, %s, %s, points, %s, disqualified, points >= %s AND NOT disqualified, answers
            FROM ({answered}) AS answered
            RETURNING id, lead_id, is_qualified
        )
        UPDATE {table} AS lead SET
            verdict_id = verdict.id,
            stage = CASE WHEN is_qualified THEN %s ELSE %s END,
            qualified_at = CASE WHEN is_qualified THEN %s::timestamptz END
        FROM verdict WHERE verdict.lead_id = lead.id
    """  # noqa: S608 - the table is named by our own code
    of_version: list[Any] = [version.pk, now, version.threshold, version.threshold]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*of_version, *params, Stage.QUALIFIED, Stage.CAPTURED, now])


def _judge_batch(
    ids: Sequence[int], version: DefinitionVersion, criteria: Sequence[Criterion], now: datetime, actor: User | None
) -> dict[int, Lead]:
    leads = {lead.pk: lead for lead in locked_all(Lead.objects.filter(pk__in=ids).order_by("pk"), "verdict")}
    sql, params = _answered(Lead.objects.filter(pk__in=ids), criteria, now)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        fresh = [_verdict(row, version, now) for row in cursor.fetchall()]
    changed = [verdict for verdict in fresh if _differs(verdict, leads[verdict.lead_id].verdict)]
    for verdict in Verdict.objects.bulk_create(changed):
        leads[verdict.lead_id].verdict = verdict
    moved = [lead for lead in leads.values() if _is_misplaced(lead)]
    LeadEvent.objects.bulk_create([_move(lead, now, actor) for lead in moved])
    touched = {verdict.lead_id for verdict in changed} | {lead.pk for lead in moved}
    for pk in touched:
        leads[pk].updated_at = now
    _save([leads[pk] for pk in sorted(touched)])
    return leads


_SAVE = """
    UPDATE leads_lead SET verdict_id = new.verdict_id, stage = new.stage, qualified_at = new.qualified_at,
        updated_at = new.updated_at
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[])
        AS new (id, verdict_id, stage, qualified_at, updated_at)
    WHERE leads_lead.id = new.id
"""
"""The same as ``bulk_update``, whose CASE for each lead and column takes longer to build than the judging itself."""


def _save(leads: Sequence[Lead]) -> None:
    fields = list(WRITTEN)
    if len(leads) == 1:  # by far the most frequent, and a third of the price
        leads[0].save(update_fields=fields)
    elif leads:
        columns = ([getattr(lead, name) for lead in leads] for name in ("pk", "verdict_id", *fields[1:]))
        with connection.cursor() as cursor:
            cursor.execute(_SAVE, list(columns))


def _answered(leads: LeadQuerySet, criteria: Sequence[Criterion], now: datetime) -> tuple[str, list[Any]]:
    """The statement that answers every criterion for these leads: rows of ``Answered``.

    Each condition is evaluated once, within; what is told of it is put together around that.
    """
    vocabulary = known()
    columns: dict[str, Any] = {}
    told: list[str] = []
    said: list[str] = []
    for criterion in criteria:
        condition = parse(criterion.condition, vocabulary)
        met, seen = f"met_{criterion.pk}", []
        columns[met] = truth(compile_condition(condition, lead_model=Lead, now=now))
        for position, leaf in enumerate(leaves(condition)):
            seen.append(f"seen_{criterion.pk}_{position}")
            columns[seen[-1]] = seen_value(leaf, lead_model=Lead, now=now)
        told.append(
            f"%s::jsonb || jsonb_build_object('met', {met}, 'points', {_points(criterion)},"
            f" 'seen', jsonb_build_array({', '.join(seen)}))"
        )
        said.append(json.dumps(_constant(criterion)))
    points = [_points(criterion) for criterion in criteria]
    ruled_out = [f"met_{line.pk}" for line in criteria if line.kind == Criterion.Kind.DISQUALIFIER]
    asked, params = leads.order_by("pk").annotate(**columns).values_list("pk", *columns).query.sql_with_params()
    sql = f"""
        SELECT lead, {" + ".join(points) or "0"} AS points, {" OR ".join(ruled_out) or "false"} AS disqualified,
            jsonb_build_array({", ".join(told)}) AS answers
        FROM ({asked}) AS asked ({", ".join(["lead", *columns])})
    """  # noqa: S608 - ids, points and what the ORM compiled
    return sql, [*said, *params]


def _points(criterion: Criterion) -> str:
    return f"CASE WHEN met_{criterion.pk} THEN {criterion.points:d} ELSE 0 END"


def _constant(criterion: Criterion) -> dict[str, Any]:
    """What a verdict keeps of a criterion whatever the lead: the line as it stood."""
    return {
        "criterion": criterion.pk,
        "kind": criterion.kind,
        "worth": criterion.points,
        "condition": criterion.condition,
        "why": criterion.why,
    }


def _standing_in(table: str) -> LeadQuerySet:
    """All leads of a table that has the columns of the leads' own."""
    leads = Lead.everything.all()
    name = leads.query.get_initial_alias()
    leads.query.alias_map[name] = BaseTable(table, name)
    return leads


def _verdict(answered: Answered, version: DefinitionVersion, now: datetime) -> Verdict:
    lead_id, points, disqualified, answers = answered
    return Verdict(
        lead_id=lead_id,
        version=version,
        judged_at=now,
        is_qualified=not disqualified and points >= version.threshold,
        is_disqualified=disqualified,
        points=points,
        threshold=version.threshold,
        answers=json.loads(answers),
    )


def _differs(new: Verdict, old: Verdict | None) -> bool:
    return old is None or (new.version_id, new.answers) != (old.version_id, old.answers)


def _target(verdict: Verdict) -> Stage:
    return Stage.QUALIFIED if verdict.is_qualified else Stage.CAPTURED


def _is_misplaced(lead: Lead) -> bool:
    """Where marketing has it, a lead stands where its verdict says."""
    return lead.verdict is not None and lead.stage in JUDGED_STAGES and lead.stage != _target(lead.verdict)


def _move(lead: Lead, now: datetime, actor: User | None) -> LeadEvent:
    """Put a lead where its verdict says, not saved yet; returns the event, not saved either."""
    verdict = cast(Verdict, lead.verdict)
    kind = LeadEventKind.QUALIFIED if verdict.is_qualified else LeadEventKind.STAGE
    data = {"verdict": verdict.pk, "version": verdict.version_id}
    old, lead.stage = lead.stage, _target(verdict)
    if verdict.is_qualified and lead.qualified_at is None:
        lead.qualified_at = now
    return LeadEvent(lead=lead, kind=kind, old_stage=old, new_stage=lead.stage, actor=actor, at=now, data=data)
