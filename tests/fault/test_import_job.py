"""Workers die while they take a file of the portal: the next one goes on where it stopped, and nothing is doubled."""

from __future__ import annotations

import random
import signal
from datetime import timedelta
from io import BytesIO

from django.db import connections
from django.utils import timezone

from alignment.accounts.models import User
from leads.models import ImportedRow, ImportJob, Lead, LeadEvent
from leads.services.importing import jobs
from tests.fault.stack import ring, until

ROWS = 60_000
MAPPING = {"system": "fair", "columns": {"id": "external_id", "name": "full_name", "mail": "email"}}


def rows_done(job: ImportJob) -> int:
    connections.close_all()
    return ImportJob.objects.values_list("done_rows", flat=True).get(pk=job.pk)


def state(job: ImportJob) -> str:
    return ImportJob.objects.values_list("state", flat=True).get(pk=job.pk)


def test_a_file_whose_workers_are_killed_three_times_is_taken_once(stack, people, measured):
    seed = random.randrange(10**6)
    chance, actor, now = random.Random(seed), User.objects.get(email="sora@example.com"), timezone.now()
    lines = (f"F{n},Person {n},{'nobody' if n % 1000 == 0 else f'p{n}@x.example'}\n" for n in range(ROWS))
    text = "id,name,mail\n" + "".join(lines) + "F1,again,\n"
    job = jobs.start(kind="leads", file=BytesIO(text.encode()), file_name="fair.csv", actor=actor, now=now)
    jobs.set_up(job_id=job.pk, mapping=MAPPING, actor=actor, now=now)
    ImportJob.objects.filter(pk=job.pk).update(state=ImportJob.State.RUNNING)
    killed_at = []

    for part in sorted(chance.sample(range(5), 3)):
        stack.start("worker")
        ring("leads.take_imports", {})
        until(lambda: rows_done(job) >= part * 10_000, within=90, what=f"{part} parts are taken")  # noqa: B023
        until(lambda: chance.random() < 0.3, within=5, what="any moment", every=0.1)
        killed_at.append(rows_done(job))
        stack.end("worker", signal.SIGKILL)
        # The lease of the dead worker runs out, without waiting two minutes for it.
        ImportJob.objects.filter(pk=job.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    stack.start("worker")
    ring("leads.take_imports", {})
    took = until(lambda: state(job) == ImportJob.State.DONE, within=120, what="the file is taken")

    job.refresh_from_db()
    measured(f"killed at rows {killed_at} (seed {seed}), the rest in {took:.0f} s: {job.counts}")
    assert (job.counts["rows"], job.counts["created"], job.counts["refused"]) == (ROWS + 1, ROWS, 1)
    assert job.counts["warned"] == ROWS // 1000
    assert Lead.objects.filter(source_system="fair").count() == ROWS
    assert LeadEvent.objects.filter(lead__source_system="fair", kind="captured").count() == ROWS
    assert ImportedRow.objects.filter(made_by=job).count() == ROWS
    assert job.remarks.filter(is_refusal=True).count() == 1
    assert job.remarks.filter(is_refusal=False).count() == ROWS // 1000
