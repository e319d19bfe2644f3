"""A lead comes in and, when it qualifies, goes to sales at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput
from handoff.models import Handoff
from handoff.selectors.handoffs import last_of
from handoff.services import offers
from leads.models import Lead, Verdict
from leads.rules.stages import Stage
from leads.services.capture import Captured, LeadData, capture_leads

PART = 50


@dataclass(frozen=True)
class Submission:
    """What became of it. ``handoff`` is None where the lead does not qualify (yet); ``is_new``: this call made it."""

    lead: Lead
    verdict: Verdict | None
    handoff: Handoff | None
    is_new: bool


def submit_lead(*, data: LeadData, actor: User, now: datetime) -> Submission:
    """Take a lead in, judge it, and hand it over when it qualifies: all of it or nothing.

    The same ``source_system`` and ``external_id`` again, also at the same moment, answers what the first one did and
    changes nothing. Raises what ``capture_lead`` raises.
    """
    (done,) = submit_leads(data=[data], actor=actor, now=now)
    if isinstance(done, InvalidInput):
        raise done
    return done


def submit_leads(*, data: Sequence[LeadData], actor: User, now: datetime) -> list[Submission | InvalidInput]:
    """The same for several: what became of each, in order. One that cannot be taken is refused alone.

    They are stored in parts, each all or nothing, so that nobody waits long for whose turn it is in sales.
    """
    parts = (data[start : start + PART] for start in range(0, len(data), PART))
    return [done for part in parts for done in _submit(part, actor, now)]


def _has_come_in(one: Captured) -> bool:
    """Whether it may go to sales by this call: it is new or, known before, could not have been handed over till now."""
    return one.is_new or (one.recognised is not None and not one.was_qualified)


@transaction.atomic
def _submit(data: Sequence[LeadData], actor: User, now: datetime) -> list[Submission | InvalidInput]:
    captured = capture_leads(data=data, actor=actor, now=now)
    leads = {one.lead.pk: one.lead for one in captured if isinstance(one, Captured)}
    new = {one.lead.pk for one in captured if isinstance(one, Captured) and _has_come_in(one)}
    qualified = [leads[pk] for pk in sorted(new) if leads[pk].stage == Stage.QUALIFIED]
    handoffs = offers.hand_over_judged(leads=qualified, actor=actor, now=now)
    handoffs |= last_of(leads.keys() - new)
    return [
        Submission(leads[one.lead.pk], one.verdict, handoffs.get(one.lead.pk), one.is_new)
        if isinstance(one, Captured)
        else one
        for one in captured
    ]
