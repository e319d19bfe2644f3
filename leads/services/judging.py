"""Judges leads by the version in force: one SQL statement answers every criterion for one lead and for thousands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import transaction

from alignment.accounts.models import User
from alignment.kernel.locks import locked_all
from leads.models import Criterion, DefinitionVersion, Lead, LeadEvent, Verdict
from leads.querysets import compile_condition, seen_value, truth
from leads.rules.conditions import Condition, leaves, parse
from leads.rules.stages import JUDGED_STAGES, LeadEventKind, Stage

BATCH = 2000


@dataclass(frozen=True)
class _Line:
    criterion: Criterion
    condition: Condition

    @property
    def met(self) -> str:
        return f"met_{self.criterion.pk}"

    def seen(self) -> list[str]:
        return [f"seen_{self.criterion.pk}_{i}" for i, _leaf in enumerate(leaves(self.condition))]


def version_in_force() -> DefinitionVersion | None:
    """The version that binds both sides now."""
    return DefinitionVersion.objects.filter(status=DefinitionVersion.Status.IN_FORCE).order_by("definition_id").first()


@transaction.atomic
def judge(*, lead_ids: Sequence[int], now: datetime, actor: User | None = None) -> dict[int, Verdict]:
    """Judge these leads and return each one's verdict by lead id; nobody is judged while no version is in force.

    A verdict is written when it differs from the lead's last one. A captured lead that qualifies becomes an MQL, one
    that no longer does goes back, also where only its stage was not what its verdict says. ``qualified_at`` keeps the
    first time for ever. Leads are locked in order of id.
    """
    version = version_in_force()
    if version is None:
        return {}
    lines = [_Line(criterion, parse(criterion.condition)) for criterion in version.criteria.order_by("position", "pk")]
    verdicts: dict[int, Verdict] = {}
    for start in range(0, len(lead_ids), BATCH):
        verdicts |= _judge_batch(sorted(lead_ids)[start : start + BATCH], version, lines, now, actor)
    return verdicts


def _judge_batch(
    ids: Sequence[int], version: DefinitionVersion, lines: list[_Line], now: datetime, actor: User | None
) -> dict[int, Verdict]:
    leads = {lead.pk: lead for lead in locked_all(Lead.objects.filter(pk__in=ids).order_by("pk"), "verdict")}
    fresh = [_verdict(row, version, lines, now) for row in _answers(ids, lines, now)]
    changed = [verdict for verdict in fresh if _differs(verdict, leads[verdict.lead_id].verdict)]
    for verdict in Verdict.objects.bulk_create(changed):
        leads[verdict.lead_id].verdict = verdict
    moved = [lead for lead in leads.values() if _is_misplaced(lead)]
    LeadEvent.objects.bulk_create([_move(lead, now, actor) for lead in moved])
    touched = {verdict.lead_id for verdict in changed} | {lead.pk for lead in moved}
    for pk in touched:
        leads[pk].updated_at = now
    fields = ["verdict", "stage", "qualified_at", "updated_at"]
    Lead.objects.bulk_update([leads[pk] for pk in sorted(touched)], fields, 500)
    return {pk: lead.verdict for pk, lead in leads.items() if lead.verdict is not None}


def _answers(ids: Sequence[int], lines: list[_Line], now: datetime) -> Iterator[dict[str, Any]]:
    columns: dict[str, Any] = {}
    for line in lines:
        columns[line.met] = truth(compile_condition(line.condition, lead_model=Lead, now=now))
        for name, leaf in zip(line.seen(), leaves(line.condition), strict=True):
            columns[name] = seen_value(leaf, lead_model=Lead, now=now)
    return Lead.objects.filter(pk__in=ids).order_by("pk").annotate(**columns).values("pk", *columns).iterator()


def _verdict(row: dict[str, Any], version: DefinitionVersion, lines: list[_Line], now: datetime) -> Verdict:
    answers = [
        {
            "criterion": line.criterion.pk,
            "kind": line.criterion.kind,
            "met": row[line.met],
            "points": line.criterion.points if row[line.met] else 0,
            "worth": line.criterion.points,
            "condition": line.criterion.condition,
            "why": line.criterion.why,
            "seen": [_plain(row[name]) for name in line.seen()],
        }
        for line in lines
    ]
    points = sum(answer["points"] for answer in answers)
    disqualified = any(answer["met"] and answer["kind"] == Criterion.Kind.DISQUALIFIER for answer in answers)
    return Verdict(
        lead_id=row["pk"],
        version=version,
        judged_at=now,
        is_qualified=not disqualified and points >= version.threshold,
        is_disqualified=disqualified,
        points=points,
        threshold=version.threshold,
        answers=answers,
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


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
