"""Measure what the project puts a figure on: ``manage.py bench [TARGET]``; prints, never judges."""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from alignment.accounts.models import User
from alignment.accounts.roles import Role, Side
from alignment.kernel import textio
from leads.services.importing import run_import

LEADS = 8_000


class Command(BaseCommand):
    help = "Measure and print; everything done is undone."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("target", nargs="?", choices=sorted(TARGETS), help="default: all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in [options["target"]] if options["target"] else sorted(TARGETS):
            with transaction.atomic():
                self.stdout.write(f"{name}: {TARGETS[name]()}")
                transaction.set_rollback(True)


def _import() -> str:
    """8,000 qualified leads and as many to be judged, through the whole path; goal: under 20 s."""
    actor = User.objects.create_user("bench@example.invalid", full_name="Bench", role=Role.MANAGER, side=Side.MARKETING)
    now = timezone.now()
    mapping = {
        "system": "bench",
        "columns": {
            "id": "external_id",
            "name": "full_name",
            "company": "company",
            "mail": "email",
            "at": "qualified_at",
        },
        "unmapped": "keep",
    }
    took = []
    for qualified in (True, False):
        at = (now - timedelta(days=30)).isoformat() if qualified else ""
        body = [[str(i), f"Name {i}", f"Company {i % 900}", f"p{i}@c{i % 900}.example", at, "7"] for i in range(LEADS)]
        raw = textio.write(["id", "name", "company", "mail", "at", "booth"], body)
        begin = time.perf_counter()
        result = run_import(
            kind="leads",
            file=io.BytesIO(raw),
            file_name="bench.csv",
            mapping=mapping,
            actor=actor,
            now=now,
            dry_run=True,
        )
        took.append(time.perf_counter() - begin)
        if result.created != LEADS:
            raise CommandError(f"{result.counts()}")
    return f"{LEADS:,} leads as history {took[0]:.1f} s, judged {took[1]:.1f} s"


TARGETS: dict[str, Callable[[], str]] = {"import": _import}
