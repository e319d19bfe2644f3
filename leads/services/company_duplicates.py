"""Accounts that may be one company are put on the list that somebody looks through."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from alignment.accounts.models import User
from leads.models import Account, SuspectedCompanies
from leads.selectors.company_matching import alike
from leads.services.duplicates import dismissed

BATCH = 1000


def look(*, account_ids: Collection[int], now: datetime) -> None:
    """Compare these companies with all that stand, and put on the list which are surely or possibly one.

    A pair that is on it is weighed anew, and leaves the list where nothing speaks for it any more; one that was
    dismissed stays dismissed.
    """
    found = alike(account_ids)
    on_list = SuspectedCompanies.objects.filter(Q(first__in=account_ids) | Q(second__in=account_ids), dismissed_at=None)
    gone = [pk for pk, *pair in on_list.values_list("pk", "first_id", "second_id") if tuple(pair) not in found]
    SuspectedCompanies.objects.filter(pk__in=gone).delete()
    rows = [
        SuspectedCompanies(
            first_id=first, second_id=second, score=evidence.score, evidence=evidence.as_json(), found_at=now
        )
        for (first, second), evidence in sorted(found.items())
    ]
    SuspectedCompanies.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["first", "second"],
        update_fields=["score", "evidence"],
    )


def look_through(*, now: datetime) -> int:
    """Look at all companies; returns how many they are.

    Each is looked at when a lead that is captured makes it and when it is corrected. This finds those that files made,
    and those whose leads have come to share a domain.
    """
    count, last = 0, 0
    while ids := list(Account.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        look(account_ids=ids, now=now)
        count, last = count + len(ids), ids[-1]
    return count


def dismiss(*, suspicion_id: int, actor: User, now: datetime) -> SuspectedCompanies:
    """Say that two are different companies: they are not suspected again. Saying it twice changes nothing."""
    return dismissed(SuspectedCompanies.objects.filter(pk=suspicion_id), actor=actor, now=now)
