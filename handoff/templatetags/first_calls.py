"""What pages of the app below show of the handoff: templates are composition, imports are not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django import template

from handoff.selectors import time_left
from handoff.selectors.time_left import TimeLeft
from leads.models import Lead

register = template.Library()


@register.simple_tag
def first_calls(leads: Iterable[Lead], now: datetime) -> list[tuple[Lead, TimeLeft | None]]:
    """Each lead with the time left to reach the person, where sales owes a first call (a fixed number of queries)."""
    found = list(leads)
    left = time_left.first_calls([lead.pk for lead in found], now=now)
    return [(lead, left.get(lead.pk)) for lead in found]


@register.simple_tag
def first_call(lead: Lead, now: datetime) -> TimeLeft | None:
    """The time left to reach this person for the first time; None where nobody owes it."""
    return time_left.first_calls([lead.pk], now=now).get(lead.pk)
