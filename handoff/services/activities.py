"""What sales did, where it keeps a promise of the handoff."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import User
from handoff.models import Clock
from handoff.rules.clocks import Duty
from handoff.services import clocks
from leads.models import Activity
from leads.services.activities import record_activity


@transaction.atomic
def record(
    *,
    lead_id: int,
    kind: str,
    outcome: str,
    actor: User,
    now: datetime,
    note: str = "",
    at: datetime | None = None,
    next_step_on: date | None = None,
) -> Activity:
    """Record an activity; the first attempt after the lead was accepted stops the clock that runs for it.

    The clock stops at the moment of the attempt, not when it was written down. Raises what ``record_activity`` raises.
    """
    activity = record_activity(
        lead_id=lead_id,
        kind=kind,
        outcome=outcome,
        note=note,
        at=at or now,
        next_step_on=next_step_on,
        actor=actor,
        now=now,
    )
    if activity.is_attempt:
        running = Clock.objects.filter(handoff__lead=lead_id, duty=Duty.FIRST_ATTEMPT, met_at=None, stopped_at=None)
        for handoff_id in running.order_by("handoff_id").values_list("handoff_id", flat=True):
            clocks.meet(handoff_id=handoff_id, duty=Duty.FIRST_ATTEMPT, at=activity.at, calendars=Calendars.load())
    return activity
