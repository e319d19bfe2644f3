from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from alignment.kernel import catalogue


class Command(BaseCommand):
    help = "Collects the texts of code and templates into alignment/locale and keeps what is translated."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        template = catalogue.collect()
        for language in catalogue.languages():
            changed = catalogue.merge(language, template)
            state = "updated" if changed else "unchanged"
            self.stdout.write(f"{catalogue.path_of(language)}: {state}, {len(template)} texts")
