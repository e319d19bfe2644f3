"""Compare all leads with each other and put those who may be one person on the list of possible duplicates.

Needed once, for leads that were here before: whoever comes in later is compared at once.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from leads.selectors.duplicates import open_pairs
from leads.services import duplicates


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        before = open_pairs().count()
        count = duplicates.look_through(since=None, now=timezone.now())
        found = open_pairs().count() - before
        self.stdout.write(f"{count} leads compared, {found} possible duplicates found.")
