"""Named conditions on handoffs and clocks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import F, Q, QuerySet

from handoff.rules.workflow import Status

if TYPE_CHECKING:
    from alignment.accounts.models import User
    from handoff.models import Clock, Handoff


class HandoffQuerySet(QuerySet["Handoff"]):
    """Chainable predicates on handoffs."""

    def waiting(self) -> HandoffQuerySet:
        """Offered and not decided."""
        return self.filter(status=Status.OFFERED)

    def decided(self) -> HandoffQuerySet:
        """Accepted or rejected by sales."""
        return self.filter(status__in=(Status.ACCEPTED, Status.REJECTED))

    def for_decision_by(self, user: User) -> HandoffQuerySet:
        """Offered to this person, or to nobody in this person's team."""
        return self.filter(Q(offered_to=user) | Q(offered_to=None, team=user.team_id))

    def most_urgent_first(self) -> HandoffQuerySet:
        return self.order_by(F("decide_by").asc(nulls_last=True), "pk")

    def with_people(self) -> HandoffQuerySet:
        """With everything that a card shows, in one query."""
        return self.select_related(
            "lead__account", "lead__campaign", "team", "offered_to", "submitted_by", "decided_by", "reason", "version"
        )


class ClockQuerySet(QuerySet["Clock"]):
    """Chainable predicates on clocks."""

    def running(self) -> ClockQuerySet:
        """Neither kept, nor found late, nor stopped."""
        return self.filter(met_at=None, breached_at=None, stopped_at=None)

    def overdue_at(self, now: datetime) -> ClockQuerySet:
        """Running and past their deadline, owned or not."""
        return self.running().filter(due_at__lt=now)
