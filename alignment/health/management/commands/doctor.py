from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from alignment.health import doctor
from alignment.kernel.logs import masked


class Command(BaseCommand):
    help = "Says what does not work and how to mend it. Ends with 1 where something is wrong."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = doctor.examine(now=timezone.now())
        is_ok = all(finding.is_ok for finding in findings)
        if options["json"]:
            report = {"ok": is_ok, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(masked(json.dumps(report, ensure_ascii=False, indent=2)))
        else:
            for finding in findings:
                word = "WRONG" if not finding.is_ok else "weak " if finding.mend else "ok   "
                self.stdout.write(masked(f"{word} {finding.part}: {finding.says}"))
                if finding.mend:
                    self.stdout.write(masked(f"      -> {finding.mend}"))
        if not is_ok:
            sys.exit(1)
