"""What has been brought in, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import Http404

from alignment.health.metrics import figure
from leads.models import ImportJob, ImportRemark, Lead
from leads.querysets import standing
from leads.rules.fields import Fields
from leads.selectors import timeline, undoing
from leads.selectors.custom_fields import known
from leads.selectors.side_by_side import evidence_words


@figure("import_runs", "Imports that ended well.", label="kind")
def runs_by_kind(_now: datetime) -> dict[str, int]:
    """How many imports ended well, by what they brought; what one that failed has taken stays."""
    done = ImportJob.objects.filter(state=ImportJob.State.DONE)
    return dict(done.order_by("kind").values_list("kind").annotate(Count("pk")))


@figure("imports_waiting", "Files that are to be checked or taken and that nobody works on.")
def waiting(now: datetime) -> float:
    """How many files are to be checked or taken and are nobody's work: never begun, or their worker has died."""
    return ImportJob.objects.filter(state__in=ImportJob.AT_WORK).exclude(claimed_until__gte=now).count()


def jobs() -> QuerySet[ImportJob]:
    """All that was brought, newest first."""
    return ImportJob.objects.select_related("actor").order_by("-at", "-pk")


def job(pk: int) -> ImportJob:
    """One of them; ``Http404`` where there is none."""
    found = ImportJob.objects.select_related("actor").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def brought_before(job: ImportJob) -> ImportJob | None:
    """The last import whose rows were taken from the very same file."""
    same = jobs().filter(sha256=job.sha256, kind=job.kind, state=ImportJob.State.DONE).exclude(pk=job.pk)
    return same.first()


def made_by(pk: int) -> QuerySet[Lead]:
    """The leads that a job has made and that stand."""
    return undoing.made_by("leads", pk).filter(standing())


@dataclass
class Problem:
    """Rows of which the same is to be said, and the first few of them."""

    code: str
    is_refusal: bool
    count: int
    rows: list[ImportRemark]

    @property
    def more(self) -> int:
        """How many rows are not among the first."""
        return self.count - len(self.rows)


OUTCOMES = ("qualified", "new", "updated", "matched", "suspected")
_SLOW_START = timedelta(seconds=5)
"""So long a rate says nothing yet."""


@dataclass(frozen=True)
class Outcome:
    """The first few rows of what becomes of rows, and how many more there are of it.

    Each row has ``row`` and ``name``; a new one the points and threshold of its ``verdict``, a known one its ``lead``
    (None where that is made by the same file), ``changes`` and ``why`` in words.
    """

    name: str
    rows: list[dict[str, Any]]
    more: int


def outcomes(job: ImportJob) -> list[Outcome]:
    """Examples of what becomes of the rows, or became (one query, one more where fields of admins changed)."""
    rows = [row for name in OUTCOMES for row in job.examples.get(name, ())]
    leads = Lead.objects.filter(pk__in={row["lead"] for row in rows if "lead" in row})
    here = set(leads.values_list("pk", flat=True))
    fields = known()
    counts = _outcome_counts(job.counts)
    return [
        Outcome(name, [_told(row, here, fields) for row in found], max(counts.get(name, 0) - len(found), 0))
        for name in OUTCOMES
        if (found := job.examples.get(name))
    ]


def _outcome_counts(counts: dict[str, int]) -> dict[str, int]:
    """How many rows have come to each outcome; updates are counted with those of recognised rows and of companies."""
    found = {name: counts.get(name, 0) for name in ("qualified", "matched", "suspected")}
    return found | {"new": counts.get("created", 0) - found["qualified"]}


def _told(row: dict[str, Any], here: set[int], fields: Fields) -> dict[str, Any]:
    changes = timeline.changes_words(row.get("changes", {}), fields)
    why = evidence_words(row.get("evidence", ()))
    return row | {"lead": row.get("lead") if row.get("lead") in here else None, "changes": changes, "why": why}


def minutes_left(job: ImportJob, *, now: datetime) -> int | None:
    """How long the work on a file still takes by how fast it was till its last part, rounded up: the farther away the
    coarser, so that it stays calm."""
    if not (job.started_at and job.claimed_until and 0 < job.done_bytes <= job.size):
        return None
    noted_at = job.claimed_until - ImportJob.LEASE
    spent = noted_at - job.started_at
    if spent < _SLOW_START:
        return None
    left = spent * (job.size - job.done_bytes) / job.done_bytes - (now - noted_at)
    minutes = max(ceil(left / timedelta(minutes=1)), 0)
    step = 1 if minutes <= 10 else 5 if minutes <= 60 else 30
    return ceil(minutes / step) * step


def problems(job: ImportJob, *, examples: int = 3) -> list[Problem]:
    """What is to be said of the rows, by what it is, refused ones first and the most frequent first (one query)."""
    alike = [F("code"), F("is_refusal")]
    first = (
        job.remarks.annotate(
            place=Window(RowNumber(), partition_by=alike, order_by=[F("row").asc(), F("pk").asc()]),
            alike=Window(Count("pk"), partition_by=alike),
        )
        .filter(place__lte=examples)
        .order_by("-is_refusal", "-alike", "code", "row", "pk")
    )
    found: dict[tuple[str, bool], Problem] = {}
    for remark in first:
        key = (remark.code, remark.is_refusal)
        count = remark.alike if remark.is_refusal else max(remark.alike, job.remark_counts.get(remark.code, 0))
        found.setdefault(key, Problem(*key, count, [])).rows.append(remark)
    return sorted(found.values(), key=lambda problem: (not problem.is_refusal, -problem.count))


def refused_rows(job: ImportJob) -> Iterator[tuple[int, str, list[str]]]:
    """Every refused row with its reason and its cells, in the order of the file."""
    rows = job.remarks.filter(is_refusal=True).order_by("row", "pk")
    yield from rows.values_list("row", "message", "cells").iterator(chunk_size=2000)
