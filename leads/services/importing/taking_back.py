"""How records that an import made go, kind by kind; whoever calls has found that nothing else has happened to them.

What is history is kept and marked: leads and deals by ``taken_back_by``, activities, which the database lets nobody
change, by a reversal; their managers leave them out, and so every list and every figure does. A touch is no record of
its own to the database: it is removed, and the event of its lead says what it was. Companies and campaigns are names:
one on which nothing depends is removed, its versions stay in its history, and foreign keys guard what names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from alignment.kernel.locks import locked_all
from leads.models import (
    Account,
    Activity,
    ActivityReversal,
    Campaign,
    Deal,
    DealEvent,
    ExternalId,
    ImportChange,
    ImportedRow,
    ImportJob,
    Lead,
    LeadEvent,
    Touch,
)
from leads.rules.stages import JUDGED_STAGES, LeadEventKind
from leads.selectors import identity
from leads.services import judging
from leads.services.importing import memory
from leads.services.importing.context import BATCH, Undoing
from leads.services.joining import Moved


def _leads(leads: list[Lead], undoing: Undoing) -> None:
    """Nothing else has happened to them: whatever else names them was said by this import, or by one that is undone."""
    events = [_event(lead.pk, undoing, id=lead.external_id, old_stage=lead.stage) for lead in leads]
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(
        taken_back_by=undoing.job, external_id=None, updated_at=undoing.now
    )
    LeadEvent.objects.bulk_create(events, batch_size=BATCH)
    ImportChange.objects.filter(lead__in=leads).delete()
    _forget_further_ids(leads)


def _forget_further_ids(leads: list[Lead]) -> None:
    """Under them rows have spoken of leads that are no more: what is remembered of those goes with them."""
    further = ExternalId.objects.filter(lead__in=leads)
    same_id = {"source_system": OuterRef("source_system"), "external_id": OuterRef("external_id")}
    ImportedRow.objects.filter(Exists(further.filter(**same_id)), kind=ImportJob.Kind.LEADS).delete()
    further.delete()


def _deals(deals: list[Deal], undoing: Undoing) -> None:
    """What became of their leads goes back with the changes of the import."""
    kind = DealEvent.Kind.TAKEN_BACK
    facts = {"kind": kind, "actor": undoing.actor, "at": undoing.now}
    events = [DealEvent(deal=deal, data=undoing.told(deal.external_id), **facts) for deal in deals]
    of_leads = [_event(deal.lead_id, undoing, deal=deal.pk, name=deal.name) for deal in deals if deal.lead_id]
    Deal.objects.filter(pk__in=[deal.pk for deal in deals]).update(taken_back_by=undoing.job, external_id=None)
    DealEvent.objects.bulk_create(events, batch_size=BATCH)
    LeadEvent.objects.bulk_create(of_leads, batch_size=BATCH)


def _accounts(accounts: list[Account], undoing: Undoing) -> None:
    """Only records that were taken back themselves may still name them."""
    ids = [account.pk for account in accounts]
    Lead.everything.filter(account__in=ids).update(account=None)
    Deal.everything.filter(account__in=ids).update(account=None)
    Account.objects.filter(pk__in=ids).delete()
    of_system = ImportedRow.objects.filter(kind=undoing.job.kind, source_system=undoing.job.source_system)
    of_system.filter(facts__account_id__in=ids).delete()  # also rows that were found to be the same company


def _campaigns(campaigns: list[Campaign], undoing: Undoing) -> None:
    """Only leads that were taken back themselves may still name them."""
    ids = [campaign.pk for campaign in campaigns]
    Lead.everything.filter(campaign__in=ids).update(campaign=None)
    Campaign.objects.filter(pk__in=ids).delete()


def _touches(touches: list[Touch], undoing: Undoing) -> None:
    """Their leads are judged without them: those that the import has moved when they are put back themselves."""
    events = [
        _event(
            touch.lead_id,
            undoing,
            removed={"kind": touch.kind_id, "at": memory.plain(touch.at), "detail": touch.detail},
        )
        for touch in touches
    ]
    Touch.objects.filter(pk__in=[touch.pk for touch in touches]).delete()
    LeadEvent.objects.bulk_create(events, batch_size=BATCH)
    moved = ImportChange.objects.filter(job=undoing.job, lead__isnull=False).values("lead")
    leads = Lead.objects.filter(pk__in={touch.lead_id for touch in touches}, stage__in=JUDGED_STAGES)
    others = list(leads.exclude(pk__in=moved).values_list("pk", flat=True))
    judging.judge(lead_ids=others, now=undoing.now, actor=undoing.actor)


def _activities(activities: list[Activity], undoing: Undoing) -> None:
    """A first contact of which only they told is none; it is then the next that is known, of the whole person."""
    facts = {"job": undoing.job, "actor": undoing.actor, "at": undoing.now}
    ActivityReversal.objects.bulk_create([ActivityReversal(activity=one, **facts) for one in activities])
    ids = {one.lead_id for one in activities}
    leads = Lead.everything.in_bulk({*ids, *identity.standing_for(ids).values()})
    moments = {one.at for one in activities if one.is_contact}
    first = _first_contacts(leads)
    events, changed = [], []
    for lead in leads.values():
        old, new = lead.first_contacted_at, first.get(lead.pk)
        if old in moments and old != new:
            lead.first_contacted_at = new
            changed.append(lead)
            changes = {"first_contacted_at": [memory.plain(old), memory.plain(new)]}
            events.append(_event(lead.pk, undoing, changes=changes))
    Lead.everything.bulk_update(changed, ["first_contacted_at"], batch_size=BATCH)
    told = [_event(one.lead_id, undoing, activity=one.pk, kind=one.kind) for one in activities]
    LeadEvent.objects.bulk_create([*told, *events], batch_size=BATCH)


def _first_contacts(lead_ids: Iterable[int]) -> dict[int, datetime]:
    """When each of these leads was first reached, by what stands of it and of those that became part of it."""
    ids = list(lead_ids)
    contacts = Activity.objects.filter(Q(lead__in=ids) | Q(lead__merged_into__in=ids), is_contact=True)
    first: dict[int, datetime] = {}
    for own, into, at in contacts.values_list("lead", "lead__merged_into").annotate(Min("at")):
        for pk in filter(None, (own, into)):
            first[pk] = min(first.get(pk, at), at)
    return first


def _event(lead_id: int, undoing: Undoing, *, id: str | None = None, old_stage: str = "", **told: Any) -> LeadEvent:
    kind = LeadEventKind.TAKEN_BACK
    data = undoing.told(id, **told)
    return LeadEvent(lead_id=lead_id, kind=kind, old_stage=old_stage, actor=undoing.actor, at=undoing.now, data=data)


def _lock(records: QuerySet[Any]) -> None:
    locked_all(records.order_by("pk"))


def _lock_to_remove(records: QuerySet[Any]) -> None:
    """Also against whoever is about to name one: they see first that it is gone."""
    list(records.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))


def _lock_leads(records: QuerySet[Any]) -> None:
    """All that writes what happened to a lead holds the lead; of one that became part of another, the other too."""
    whose = Q(pk__in=records.values("lead")) | Q(pk__in=records.values("lead__merged_into"))
    leads = Lead.everything.filter(whose).order_by("pk")
    while True:
        with suppress(Moved), transaction.atomic():
            held = {lead.pk for lead in locked_all(leads)}
            if held >= set(leads.values_list("pk", flat=True)):
                return
            raise Moved  # one of them was merged while this waited for it


def _lock_with_leads(records: QuerySet[Any]) -> None:
    _lock_leads(records)
    _lock(records)


LOCKS: dict[str, Callable[[QuerySet[Any]], None]] = {
    "leads": _lock,
    "deals": _lock_with_leads,
    "accounts": _lock_to_remove,
    "campaigns": _lock_to_remove,
    "touches": _lock_leads,
    "activities": _lock_leads,
}
KINDS: dict[str, Callable[[list[Any], Undoing], None]] = {
    "leads": _leads,
    "deals": _deals,
    "accounts": _accounts,
    "campaigns": _campaigns,
    "touches": _touches,
    "activities": _activities,
}
