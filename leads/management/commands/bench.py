"""Measure what the project puts a figure on: ``manage.py bench [TARGET]``; prints, never judges.

Meant for the throw-away servers of ``make bench``: it refuses a database that has leads.
"""

from __future__ import annotations

import argparse
import csv
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from alignment.accounts.models import User
from alignment.accounts.roles import Role, Side
from leads.management.bench_api import api
from leads.models import Criterion, Definition, Lead
from leads.rules.stages import Stage
from leads.services import definitions
from leads.services.definition_content import CriterionData
from leads.services.importing import run_import

SIZES = (10_000, 100_000, 1_000_000)
COLUMNS = {
    "external_id": "external_id",
    "full_name": "full_name",
    "company_name": "company",
    "email": "email",
    "phone": "phone",
    "job_title": "job_title",
    "source": "source",
    "captured_at": "captured_at",
}
"""The header of the file, each a column of the leads' table, and the field of the mapping."""


class Command(BaseCommand):
    help = "Measure and print."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("target", nargs="?", choices=sorted(TARGETS), help="default: all of them")
        parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many rows each file has")

    def handle(self, *args: Any, **options: Any) -> None:
        if Lead.objects.exists():
            raise CommandError("This database has leads: run `make bench`, which uses one of its own.")
        for name in [options["target"]] if options["target"] else sorted(TARGETS):
            TARGETS[name](self.stdout.write, options["sizes"])


def _import(say: Callable[[str], Any], sizes: list[int]) -> None:
    """Leads read, normalised, matched, judged and stored with their events, beside a bare COPY of the same file."""
    now = timezone.now()
    marketer = _person("Marketing", Side.MARKETING)
    _agree(marketer, _person("Sales", Side.SALES), now)
    mapping = {"system": "bench", "columns": COLUMNS}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / f"{size}.csv"
            _write(path, size, now)
            bare = _bare_copy(path, marketer, now)
            begin = time.perf_counter()
            with path.open("rb") as file:
                result = run_import(
                    kind="leads", file=file, file_name=path.name, mapping=mapping, actor=marketer, now=now
                )
            took = time.perf_counter() - begin
            if result.created != size:
                raise CommandError(f"{result.counts()}")
            memory, reader = (
                resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
            )
            say(
                f"import of {size:,} leads: {took:.1f} s, {size / took:,.0f} a second; bare COPY {bare:.1f} s, "
                f"{size / bare:,.0f} a second; ratio 1 : {took / bare:.1f}; "
                f"memory at most {memory} MB, of the reader {reader} MB"
            )
    qualified = Lead.objects.in_stage(Stage.QUALIFIED).count()
    say(f"of {sum(sizes):,} leads {qualified:,} qualified")


def _person(name: str, side: Side) -> User:
    return User.objects.create_user(
        f"{name.lower()}@example.invalid", full_name=name, role=Role.MANAGER, side=side, language="en"
    )


def _agree(marketing: User, sales: User, now: datetime) -> None:
    """Put a definition in force as people do: draft, proposal, both signatures."""
    conditions = (
        ({"field": "job_title", "op": "contains", "value": "部長"}, 20),
        ({"field": "source", "op": "in", "value": ["web", "seminar"]}, 20),
        ({"touches": {"kind": "seminar", "at_least": 1, "within_days": 60}}, 20),
    )
    criteria = [CriterionData(condition=condition, points=points, why="Bench.") for condition, points in conditions]
    criteria.append(
        CriterionData(
            condition={"field": "is_free_mail", "op": "is_true"}, kind=Criterion.Kind.DISQUALIFIER, why="Bench."
        )
    )
    version = definitions.start_draft(definition_id=Definition.objects.get().pk, actor=marketing, now=now)
    definitions.save_draft(
        version_id=version.pk,
        threshold=40,
        criteria=criteria,
        reason="",
        takes_effect_at=None,
        actor=marketing,
        now=now,
    )
    definitions.propose(version_id=version.pk, reason="Bench.", actor=marketing, now=now)
    for manager in (marketing, sales):
        definitions.sign(version_id=version.pk, actor=manager, now=now)


def _write(path: Path, size: int, now: datetime) -> None:
    companies = max(1, size // 20)
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for i in range(size):
            at = now - timedelta(minutes=i % 500_000)
            company, phone = i % companies, f"090-{i // 10_000 % 10_000:04d}-{i % 10_000:04d}"
            title, source = ("部長", "課長", "担当")[i % 3], ("web", "seminar", "exhibition", "referral")[i % 4]
            domain = "gmail.com" if i % 7 == 0 else f"company{company}.example"
            name = f"株式会社ベンチ{company}"
            lines.writerow(
                [
                    f"{size}-{i}",
                    f"山田 太郎{size}-{i}",
                    name,
                    f"p{size}-{i}@{domain}",
                    phone,
                    title,
                    source,
                    at.isoformat(),
                ]
            )


def _bare_copy(path: Path, actor: User, now: datetime) -> float:
    """Seconds of one COPY of the file into the table of leads with its indexes and triggers; undone afterwards."""
    table = Lead._meta.db_table
    given = {
        "source_system": "'copy'",
        "stage": f"'{Stage.CAPTURED}'",
        "custom": "'{}'",
        "created_by_id": f"{actor.pk}",
    }
    given |= dict.fromkeys(("created_at", "updated_at"), f"'{now.isoformat()}'")
    given |= dict.fromkeys(("full_name_kana", "email_domain", "department", "landing_page", "note"), "''")
    with transaction.atomic(), connection.cursor() as cursor, path.open(encoding="utf-8") as file:
        cursor.execute("SET LOCAL statement_timeout = 0")
        for column, value in given.items():
            cursor.execute(f"ALTER TABLE {table} ALTER {column} SET DEFAULT {value}")
        begin = time.perf_counter()
        cursor.copy_expert(f"COPY {table} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv, HEADER)", file)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as at its commit: every foreign key is looked up
        took = time.perf_counter() - begin
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM")
        cursor.execute("RESET statement_timeout")
    return took


TARGETS: dict[str, Callable[[Callable[[str], Any], list[int]], None]] = {"api": api, "import": _import}
