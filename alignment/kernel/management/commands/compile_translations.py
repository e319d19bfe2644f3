from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from alignment.kernel import catalogue


class Command(BaseCommand):
    help = "Compiles the catalogues of texts that are newer than their compiled form (needs no GNU gettext)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="compile all, newer or not")

    def handle(self, *args: Any, **options: Any) -> None:
        for path in catalogue.compile_all(force=options["force"]):
            self.stdout.write(f"compiled {path}")
