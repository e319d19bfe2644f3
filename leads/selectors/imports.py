"""What has been brought in, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import Http404

from alignment.health.metrics import figure
from leads.models import ImportedRow, ImportJob, ImportRemark, Lead


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


def made_by(pk: int) -> QuerySet[Any]:
    """The ids of the leads that a job has made."""
    made = ImportedRow.objects.filter(made_by=pk, kind="leads")
    of_system = Lead.objects.filter(source_system__in=made.values("source_system")[:1])
    return of_system.filter(external_id__in=made.values("external_id")).values("pk")


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
        found.setdefault(key, Problem(*key, remark.alike, [])).rows.append(remark)
    return list(found.values())


def refused_rows(job: ImportJob) -> Iterator[tuple[int, str, list[str]]]:
    """Every refused row with its reason and its cells, in the order of the file."""
    rows = job.remarks.filter(is_refusal=True).order_by("row", "pk")
    yield from rows.values_list("row", "message", "cells").iterator(chunk_size=2000)
