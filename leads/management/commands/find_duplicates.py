"""Compare all leads, and all companies, with each other and put those that may be one on the lists of duplicates.

Needed once, for what was here before: what comes in later is compared at once, or within a day.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from leads.selectors import company_duplicates
from leads.selectors.duplicates import open_pairs
from leads.services import duplicates
from leads.services.company_duplicates import look_through as look_through_companies


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        before = open_pairs().count()
        count = duplicates.look_through(since=None, now=now)
        found = open_pairs().count() - before
        self.stdout.write(f"{count} leads compared, {found} possible duplicates found.")
        before = company_duplicates.open_pairs().count()
        count = look_through_companies(now=now)
        found = company_duplicates.open_pairs().count() - before
        self.stdout.write(f"{count} companies compared, {found} possible duplicates found.")
