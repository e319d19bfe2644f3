"""A lead comes in and, when it qualifies, goes to sales at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from alignment.accounts.models import User
from handoff.models import Handoff
from handoff.services import offers
from leads.models import Lead, Verdict
from leads.rules.stages import Stage
from leads.services.capture import LeadData, capture_lead


@dataclass(frozen=True)
class Submission:
    """What became of it. ``handoff`` is None where the lead does not qualify (yet); ``is_new``: this call made it."""

    lead: Lead
    verdict: Verdict | None
    handoff: Handoff | None
    is_new: bool


@transaction.atomic
def submit_lead(*, data: LeadData, actor: User, now: datetime) -> Submission:
    """Take a lead in, judge it, and hand it over when it qualifies: all of it or nothing.

    The same ``source_system`` and ``external_id`` again, also at the same moment, answers what the first one did and
    changes nothing. Raises what ``capture_lead`` and ``hand_over`` raise.
    """
    captured = capture_lead(data=data, actor=actor, now=now)
    lead = captured.lead
    if not captured.is_new:
        last = lead.handoffs.with_people().order_by("-attempt").first()
        return Submission(lead, captured.verdict, last, is_new=False)
    handoff = None
    if lead.stage == Stage.QUALIFIED:
        handoff = offers.hand_over(lead_id=lead.pk, actor=actor, now=now)
        lead.refresh_from_db()
    return Submission(lead, captured.verdict, handoff, is_new=True)
