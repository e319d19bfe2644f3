"""Leads that may be one person are put on the list that somebody looks through."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError, NotFound
from alignment.kernel.locks import locked
from leads.models import Lead, SuspectedCompanies, SuspectedDuplicate
from leads.selectors.matching import Match, Person, matches

BATCH = 1000


class NoPair(DomainError):
    """One of the two does not stand any more."""

    code = "no_pair"


Suspected = TypeVar("Suspected", SuspectedDuplicate, SuspectedCompanies)


def look(*, lead_ids: Collection[int], now: datetime) -> None:
    """Compare these leads with all that stand, and put on the list whom they surely or possibly double."""
    if not lead_ids:
        return
    leads = list(Lead.objects.filter(pk__in=lead_ids).select_related("account").order_by("pk"))
    found = matches([Person.of(lead) for lead in leads])
    suspect({lead.pk: like for lead, like in zip(leads, found, strict=True) if like}, now=now)


def look_through(*, since: datetime | None, now: datetime) -> int:
    """Look at all leads, or at those that were made since then; returns how many they are.

    Each is looked at when it comes in and when it is corrected. This finds those who came before that, and two who came
    through different doors at the same moment.
    """
    made = Lead.objects.filter(created_at__gte=since) if since else Lead.objects.all()
    count, last = 0, 0
    while ids := list(made.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        look(lead_ids=ids, now=now)
        count, last = count + len(ids), ids[-1]
    return count


def suspect(found: Mapping[int, Sequence[Match]], *, now: datetime) -> None:
    """Put leads, each with those it resembles, on the list. A pair that is on it, or was dismissed, stays as it is."""
    pairs = {
        (min(pk, match.lead_id), max(pk, match.lead_id)): match.evidence for pk, like in found.items() for match in like
    }
    rows = [
        SuspectedDuplicate(
            first_id=first, second_id=second, score=evidence.score, evidence=evidence.as_json(), found_at=now
        )
        for (first, second), evidence in sorted(pairs.items())
    ]
    SuspectedDuplicate.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def dismiss(*, suspicion_id: int, actor: User, now: datetime) -> SuspectedDuplicate:
    """Say that two leads are different people: they are not suspected again. Saying it twice changes nothing."""
    return dismissed(SuspectedDuplicate.objects.filter(pk=suspicion_id), actor=actor, now=now)


@transaction.atomic
def dismissed(found: QuerySet[Suspected], *, actor: User, now: datetime) -> Suspected:
    """The same of any kind of pair: the one that is ``found``. Refuse one that is no pair any more."""
    actor.require(Permission.MERGE_LEADS)
    suspicion = locked(found, "first", "second")
    if suspicion is None:
        raise NotFound(_("There is no such suspicion."))
    if not (suspicion.first.stands and suspicion.second.stands):
        raise NoPair(_("One of the two is part of another by now, or was taken back: nobody waits for an answer."))
    if suspicion.dismissed_at is None:
        suspicion.dismissed_by, suspicion.dismissed_at = actor, now
        suspicion.save(update_fields=["dismissed_by", "dismissed_at"])
    return suspicion
