"""Leads whose date has come go back to marketing."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from alignment.accounts.models import Organisation
from alignment.kernel import sweeps
from leads.models import Lead
from leads.rules.stages import Stage
from leads.services import judging, stages


def return_due_leads(*, now: datetime) -> int:
    """Give every lead in nurture whose day has come back to marketing, judged anew; returns how many.

    One transaction per lead: any number of workers may run at once and each lead comes back once.
    """
    today = now.astimezone(Organisation.get().zone).date()
    due = Lead.objects.in_stage(Stage.NURTURE).filter(recycle_on__lte=today)
    ids = list(due.order_by("recycle_on", "pk").values_list("pk", flat=True))
    return sweeps.each(ids, lambda lead_id: _return(lead_id, today, now), what="return of a lead")


@transaction.atomic
def _return(lead_id: int, today: date, now: datetime) -> bool:
    due = Lead.objects.in_stage(Stage.NURTURE).filter(pk=lead_id, recycle_on__lte=today)
    lead = due.select_for_update(skip_locked=True).first()
    if lead is None:
        return False
    verdict = judging.judge(lead_ids=[lead.pk], now=now).get(lead.pk)
    is_qualified = verdict is not None and verdict.is_qualified
    stages.move(
        lead=lead,
        to=Stage.QUALIFIED if is_qualified else Stage.CAPTURED,
        actor=None,
        now=now,
        data={"recycled": today.isoformat()},
        recycle_on=None,
        qualified_at=(lead.qualified_at or now) if is_qualified else lead.qualified_at,
    )
    return True
