"""Named conditions on handoffs and clocks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from alignment.accounts.policies import SALES_MANAGER
from alignment.accounts.roles import Side
from handoff.rules.clocks import Duty
from handoff.rules.workflow import Status
from leads.models import Lead

if TYPE_CHECKING:
    from alignment.accounts.models import User
    from handoff.models import Clock, Handoff  # noqa: F401 - name the types of the querysets


class HandoffQuerySet(QuerySet["Handoff"]):
    """Chainable predicates on handoffs."""

    def waiting(self) -> HandoffQuerySet:
        """Offered and not decided."""
        return self.filter(status=Status.OFFERED)

    def decided(self) -> HandoffQuerySet:
        """Accepted or rejected by sales."""
        return self.filter(status__in=(Status.ACCEPTED, Status.REJECTED))

    def for_decision_by(self, user: User) -> HandoffQuerySet:
        """What ``workflow.is_party`` says, as SQL.

        All of it for the manager of sales; else what was offered to this person, to nobody of this person's team, or to
        nobody and no team at all.
        """
        if (user.role, user.side) == SALES_MANAGER:
            return self
        unowned = Q(offered_to=None) & (Q(team=None) | Q(team=user.team_id))
        return self.filter(Q(offered_to=user) | unowned) if user.side == Side.SALES else self.filter(offered_to=user)

    def most_urgent_first(self) -> HandoffQuerySet:
        return self.order_by(F("decide_by").asc(nulls_last=True), "pk")

    def with_people(self) -> HandoffQuerySet:
        """With everything that a card shows, in one query."""
        return self.select_related(
            "lead__account",
            "lead__campaign",
            "team",
            "offered_to__team",
            "submitted_by",
            "decided_by",
            "reason",
            "version",
            "verdict__version",
        )


def _rests() -> Exists:
    """The lead is part of another by now: its clock rests until the two are separated again. No join: no lock on it."""
    return Exists(Lead.everything.filter(merged_into__isnull=False, handoffs=OuterRef("handoff")))


class ClockQuerySet(QuerySet["Clock"]):
    """Chainable predicates on clocks."""

    def running(self) -> ClockQuerySet:
        """Neither kept, nor found late, nor stopped, nor at rest while the lead is part of another."""
        return self.filter(~_rests(), met_at=None, breached_at=None, stopped_at=None)

    def owed(self, duty: Duty) -> ClockQuerySet:
        """Not done and not called off, in time or late, and not at rest."""
        return self.filter(~_rests(), duty=duty, met_at=None, stopped_at=None)

    def overdue_at(self, now: datetime) -> ClockQuerySet:
        """Running and past their deadline, owned or not."""
        return self.running().filter(due_at__lt=now)
