"""How much each side has to do: leads that wait for it, and deadlines that it missed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse

from alignment.accounts.roles import Side
from handoff.models import Clock
from leads.models import Lead
from leads.selectors.leads import counts_by_turn


@dataclass(frozen=True)
class Turn:
    """How many leads a side has to move, and how many of its deadlines have passed and still wait."""

    side: str
    leads: int
    late: int
    url: str
    late_url: str


def turns() -> list[Turn]:
    """Whose turn it is, both sides."""
    leads = counts_by_turn(Lead.objects.all())
    owed = Clock.objects.filter(breached_at__isnull=False, met_at=None, stopped_at=None).order_by()
    late = dict(owed.values_list("side").annotate(count=Count("pk")))
    return [
        Turn(
            side=side.value,
            leads=leads[side.value],
            late=late.get(side.value, 0),
            url=reverse("leads:list") + f"?turn={side.value}",
            late_url=reverse("handoff:list") + "?late=open",
        )
        for side in Side
    ]
