"""Say as whom a visitor may sign in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from alignment.demo.people import demo_people


class Command(BaseCommand):
    help = "Print the demo people, one a line: role and e-mail address."

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            for person in demo_people():
                self.stdout.write(f"{person['label']}: {person['email']}")
