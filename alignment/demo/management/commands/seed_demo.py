"""Fill an empty installation with a believable year of one company, lived through the same doors as real work."""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone, translation

from alignment.accounts.models import User
from alignment.demo import company, story
from alignment.demo.simulation import Simulation
from alignment.kernel import queue
from leads.models import Lead
from reviews.services.reviews import build_due_reviews

YEAR = timedelta(days=365)


class Command(BaseCommand):
    help = "Make the demo company and its year; all of it or, when stopped half-way, nothing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do nothing where the demo is there already")
        parser.add_argument("--language", choices=["ja", "en"], default="ja", help="language of names and texts")
        parser.add_argument("--days", type=int, default=YEAR.days, help="how many days to live through")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(email=story.PEOPLE[0].email).exists():
            if options["once"]:
                return
            raise CommandError("The demo company is there already (--once accepts that).")
        if Lead.objects.exists():
            if options["once"]:
                return  # somebody works here already
            raise CommandError("There are leads here that are not the demo's: it goes only into an empty installation.")
        begin = time.monotonic()
        end = timezone.now()
        start = end - timedelta(days=options["days"])
        # The mails of a past year are nobody's news: they are written, but no worker is woken for each of them.
        with translation.override(options["language"]), transaction.atomic(), queue.muted():
            demo = company.found(language=options["language"], start=start, end=end)
            Simulation(demo, start=start, end=end).run()
            build_due_reviews(now=end)
        company.consider_mails_sent(before=end - timedelta(days=3))
        self.stdout.write(f"Demo: {Lead.objects.count()} leads, {time.monotonic() - begin:.0f} s.")
