"""The only door to a lead's stage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from alignment.accounts.models import User
from leads.models import Lead, LeadEvent
from leads.rules.stages import LeadEventKind, Stage


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
    locked = Lead.objects.select_for_update().get(pk=lead.pk)
    old = locked.stage
    has_bought = old == Stage.CUSTOMER or (old == Stage.OFFERED and locked.deals.filter(won_at__isnull=False).exists())
    if has_bought and to != Stage.CUSTOMER:
        to, fields = Stage.CUSTOMER, {name: value for name, value in fields.items() if name == "owner" and value}
    locked.stage = to
    locked.updated_at = now
    for name, value in fields.items():
        setattr(locked, name, value)
    locked.save(update_fields=["stage", "updated_at", *fields])
    if old != to:
        LeadEvent.objects.create(
            lead=locked,
            kind=LeadEventKind.STAGE,
            old_stage=old,
            new_stage=to,
            actor=actor,
            at=now,
            data=data or {},
        )
    return locked
