from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alignment.kernel import catalogue


class Command(BaseCommand):
    help = "Fails unless every text has a complete translation in every language."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        template = catalogue.collect()
        found = [
            f"{language}: {fault}"
            for language in catalogue.languages()
            for fault in catalogue.faults(language, template)
        ]
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(
                f"{len(found)} texts are not in order. Run update_translations, translate, then check again."
            )
        self.stdout.write(f"{len(template)} texts, complete in {', '.join(catalogue.languages())}")
