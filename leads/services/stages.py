"""The only door to a lead's stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from alignment.accounts.models import User
from leads.models import Lead, LeadEvent
from leads.rules.stages import LeadEventKind, Stage
from leads.services import standing


@transaction.atomic
def move(
    *,
    lead: Lead,
    to: Stage,
    actor: User | None,
    now: datetime,
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> Lead:
    """Move a lead to stage ``to`` and set ``fields`` with it; writes the event. Returns the lead, locked and fresh.

    A lead that stands there already gets the fields but no second event. A customer stays one, whatever becomes of a
    later offer: only a new owner is noted. So does who bought while the offer was open, as an import may tell.
    """
    locked = Lead.objects.select_for_update(no_key=True).filter(pk=lead.pk).first()
    if locked is None:
        raise standing.refusal(lead.pk)
    event = _placed(locked, to, fields, actor=actor, now=now, data=data or {})
    locked.save(update_fields=["stage", "updated_at", *fields])
    if event:
        event.save()
    return locked


@transaction.atomic
def move_locked(
    *, leads: Sequence[Lead], to: Stage, actor: User, now: datetime, data: Mapping[int, dict[str, Any]]
) -> None:
    """The same for several leads that this transaction has locked, each with its own ``data``, in a few statements."""
    events = [_placed(lead, to, {}, actor=actor, now=now, data=data[lead.pk]) for lead in leads]
    if len(leads) == 1:  # by far the most frequent, and a third of the price
        leads[0].save(update_fields=["stage", "updated_at"])
    else:
        Lead.objects.bulk_update(leads, ["stage", "updated_at"])
    LeadEvent.objects.bulk_create([event for event in events if event])


def _placed(
    lead: Lead, to: Stage, fields: dict[str, Any], *, actor: User | None, now: datetime, data: dict[str, Any]
) -> LeadEvent | None:
    """Change a locked lead; returns the event of it, where there is one. Neither is saved. Narrows ``fields``."""
    old = lead.stage
    has_bought = old == Stage.CUSTOMER or (old == Stage.OFFERED and lead.deals.filter(won_at__isnull=False).exists())
    if has_bought and to != Stage.CUSTOMER:
        to = Stage.CUSTOMER
        for name in [name for name, value in fields.items() if name != "owner" or not value]:
            del fields[name]
    lead.stage = to
    lead.updated_at = now
    for name, value in fields.items():
        setattr(lead, name, value)
    if old == to:
        return None
    return LeadEvent(lead=lead, kind=LeadEventKind.STAGE, old_stage=old, new_stage=to, actor=actor, at=now, data=data)
