"""An import is killed at any moment: nothing of it is there, or all; running it again ends as if nothing had been."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import signal
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import timezone

from alignment.accounts.models import User
from leads.models import Account, Campaign, Deal, DealEvent, Lead, LeadEvent, Verdict
from tests.fault.stack import django_at, until

LEADS, DEALS = 3500, 1500
MAPPINGS = {
    "leads": {
        "system": "crm",
        "unmapped": "keep",
        "columns": {
            "id": "external_id",
            "seen": {"field": "captured_at", "format": "%Y-%m-%d"},
            "qualified": {"field": "qualified_at", "format": "%Y-%m-%d"},
            "name": "full_name",
            "mail": "email",
            "company": "company",
            "origin": "source",
            "campaign": "campaign",
        },
    },
    "deals": {
        "system": "crm",
        "unmapped": "keep",
        "columns": {
            "id": "external_id",
            "lead": "lead_external_id",
            "seller": "owner",
            "opened": {"field": "opened_at", "format": "%Y-%m-%d"},
            "won": {"field": "won_at", "format": "%Y-%m-%d"},
            "yen": "amount",
        },
    },
}

KILLS = {
    "leads": [signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL],
    "deals": [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL, signal.SIGKILL],
}


@dataclass
class Undisturbed:
    """What both imports come to when nobody kills them, and how long each was storing."""

    hash: str = ""
    reports: dict[str, dict] = field(default_factory=dict)
    counts: dict[str, dict] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


@pytest.fixture
def files(stack) -> dict[str, Path]:
    """Five thousand rows of another tool, a few of which cannot be taken, with their mappings."""
    first = date(2026, 1, 5)
    leads = [
        {
            "id": f"L{n}",
            "seen": "not a day" if n % 250 == 0 else str(first + timedelta(days=n % 200)),
            "qualified": str(first + timedelta(days=n % 200 + 3)) if n % 3 else "",
            "name": f"Person {n}",
            "mail": "unreadable@" if n % 97 == 0 else f"person{n}@company{n % 400}.example",
            "company": f"Company {n % 400}",
            "origin": ("social", "search", "")[n % 3],
            "campaign": f"Campaign {n % 20}",
            "shoe size": n % 10,
        }
        for n in range(LEADS)
    ]
    deals = [
        {
            "id": f"D{n}",
            "lead": f"L{2 * n + 1}",
            "seller": f"Seller {n % 7}",
            "opened": str(first + timedelta(days=n % 200 + 5)),
            "won": str(first + timedelta(days=n % 200 + 20)) if n % 2 else "",
            "yen": 1000 * n,
            "colour": "blue",
        }
        for n in range(DEALS)
    ]
    found = {}
    for kind, rows in (("leads", leads), ("deals", deals)):
        found[kind] = stack.folder / f"{kind}.csv"
        with found[kind].open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        found[kind].with_suffix(".json").write_text(json.dumps(MAPPINGS[kind]))
    return found


def begin(stack, file: Path, *, database: str | None = None):
    """Start the import of a file."""
    kind = file.stem
    address = {"DATABASE_URL": stack.servers.application_url(database)} if database else {}
    mapping, errors = file.with_suffix(".json"), file.with_suffix(".errors")
    return stack.run(
        "import_records", kind, str(file), "--mapping", str(mapping), "--as", "sora@example.com", "--json",
        "--errors", str(errors), **address,
    )  # fmt: skip


def finish(child) -> dict:
    """The report of an import that nobody disturbs."""
    output, _none = child.communicate(timeout=90)
    assert child.returncode == 0, output
    return json.loads(output)


def is_storing() -> bool:
    """Whether an import holds its lock: it is in its transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        return cursor.fetchone()[0] > 0


def counts() -> dict[str, int]:
    models = (Lead, LeadEvent, Verdict, Account, Campaign, Deal, DealEvent, User)
    return {model.__name__: model.objects.count() for model in models}


NUMBERS = ("verdict", "version", "criterion", "job", "deal")
"""In the data of events: what has another number after a start that was killed."""


def state_hash(since) -> str:
    """What the import left, without numbers and without the moment at which it ran."""

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items() if key not in NUMBERS}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return "now" if hasattr(value, "tzinfo") and value >= since else str(value)

    lead = ("lead__external_id",)
    tables = {
        Lead: ("source_system", "external_id", "full_name", "email", "company_name", "account__name_key", "source",
               "campaign__name", "stage", "captured_at", "qualified_at", "custom", "verdict__points", "created_at"),
        LeadEvent: (*lead, "kind", "old_stage", "new_stage", "at", "data", "actor__email"),
        Verdict: (*lead, "is_qualified", "points", "answers"),
        Account: ("name", "name_key"),
        Campaign: ("name",),
        Deal: ("external_id", *lead, "account__name_key", "owner__full_name", "opened_at", "won_at", "amount",
               "custom"),
        DealEvent: ("deal__external_id", "kind", "at", "data"),
        User: ("full_name", "email", "is_active"),
    }  # fmt: skip
    lines = []
    for model, columns in tables.items():
        rows = [json.dumps([plain(value) for value in row]) for row in model.objects.values_list(*columns)]
        lines += [model.__name__, *sorted(rows)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def undisturbed(stack, files, database: str, began) -> Undisturbed:
    """Run both imports in a database of their own."""
    found = Undisturbed()
    with django_at(stack.servers.database_url(database), stack.servers.running["Redis"].url):
        for kind, file in files.items():
            child = begin(stack, file, database=database)
            until(is_storing, within=60, what="the import stores", every=0.005)
            found.seconds[kind] = until(lambda: not is_storing(), within=60, what="the import ends", every=0.005)
            found.reports[kind] = finish(child)
            found.counts[kind] = counts()
        found.hash = state_hash(began)
    return found


def kill(stack, file: Path, after: float, number: signal.Signals) -> float:
    """Kill an import so many seconds after it began to store; return how long it took to end."""
    child = begin(stack, file)
    until(lambda: is_storing() or child.poll() is not None, within=60, what="the import stores", every=0.005)
    time.sleep(after)
    child.send_signal(number)
    took = until(lambda: child.poll() is not None, within=10, what=f"the import ends by {number.name}")
    until(lambda: not is_storing(), within=20, what="the database lets go")
    return took


def test_an_import_killed_at_ten_random_moments_ends_as_if_it_had_not_been(stack, people, files, measured):
    began, seed = timezone.now() - timedelta(hours=1), random.randrange(10**6)
    chance = random.Random(seed)
    other = f"{stack.database}_other"
    connections.close_all()
    stack.servers.execute(f"CREATE DATABASE {other} TEMPLATE {stack.database}")
    try:
        wanted = undisturbed(stack, files, other, began)
    finally:
        stack.servers.execute(f"DROP DATABASE {other} WITH (FORCE)")

    moments, ends, late = [], [], 0
    for kind, how in KILLS.items():
        before = counts()
        for number in how:
            moments.append(chance.uniform(0, wanted.seconds[kind]))
            ends.append(kill(stack, files[kind], moments[-1], number))
            assert counts() in (before, wanted.counts[kind])  # nothing of it, or all
        came_through = counts() != before
        late += came_through
        report = finish(begin(stack, files[kind]))
        assert report["rows"] == report["created"] + report["unchanged"] + report["refused"]
        assert report["created"] == (0 if came_through else wanted.reports[kind]["created"])
        assert counts() == wanted.counts[kind]

    measured(
        f"seed {seed}: killed after {', '.join(f'{moment:.1f}' for moment in moments)} s of storing, {late} files got "
        f"through; slowest end {max(ends):.1f} s; undisturbed {wanted.seconds['leads']:.1f} s for {LEADS} leads, "
        f"{wanted.seconds['deals']:.1f} s for {DEALS} deals"
    )
    assert wanted.reports["leads"]["refused"] == LEADS / 250
    assert state_hash(began) == wanted.hash
